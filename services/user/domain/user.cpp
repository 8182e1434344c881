#include "services/user/domain/user.hpp"

#include <algorithm>

namespace user_service::domain {
namespace {

constexpr std::size_t max_email = 254;  // RFC 5321 §4.5.3.1.3, less the angle brackets
constexpr std::size_t max_local = 64;   // RFC 5321 §4.5.3.1.1
constexpr std::size_t max_name = 200;
constexpr std::size_t min_password = 8;
constexpr std::size_t max_password_bytes = 1024;  // hashing time must not be the caller's choice

// The text is valid UTF-8 (JSON and protobuf both see to it), so continuation bytes are what is not counted.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// Labels of letters, digits and inner hyphens, at least two of them.
bool is_domain(std::string_view domain) {
  int labels = 0;
  while (true) {
    const auto dot = domain.find('.');
    const auto label = domain.substr(0, dot);
    const bool shaped = !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
                        std::all_of(label.begin(), label.end(), [](char c) {
                          return is_alnum(c) || c == '-' || (static_cast<unsigned char>(c) & 0x80U) != 0;
                        });
    if (!shaped) return false;
    ++labels;
    if (dot == std::string_view::npos) return labels >= 2;
    domain.remove_prefix(dot + 1);
  }
}

bool is_email(std::string_view email) {
  const auto at = email.find('@');
  if (at == std::string_view::npos || email.size() > max_email) return false;
  const auto local = email.substr(0, at);
  const bool local_shaped = !local.empty() && local.size() <= max_local && local.front() != '.' &&
                            local.back() != '.' && local.find("..") == std::string_view::npos &&
                            std::all_of(local.begin(), local.end(), [](char c) {
                              return is_alnum(c) || (static_cast<unsigned char>(c) & 0x80U) != 0 ||
                                     std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos;
                            });
  return local_shaped && is_domain(email.substr(at + 1));
}

}  // namespace

std::vector<base::FieldError> check(const NewUser& user) {
  std::vector<base::FieldError> broken;
  if (!is_email(user.email)) broken.push_back({"email", "must be an e-mail address such as ann@example.com"});
  const auto name_size = characters(user.name);
  const bool blank = user.name.find_first_not_of(' ') == std::string::npos;
  if (name_size < 1 || name_size > max_name || blank) broken.push_back({"name", "must have 1 to 200 characters"});
  if (std::any_of(user.name.begin(), user.name.end(), is_control)) {
    broken.push_back({"name", "must not have control characters"});
  }
  if (characters(user.password) < min_password) broken.push_back({"password", "must have at least 8 characters"});
  if (user.password.size() > max_password_bytes) broken.push_back({"password", "must have at most 1024 bytes"});
  return broken;
}

std::string email_key(std::string_view email) {
  std::string key(email);
  std::transform(key.begin(), key.end(), key.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return key;
}

}  // namespace user_service::domain
