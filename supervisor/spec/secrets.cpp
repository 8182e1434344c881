#include "supervisor/spec/secrets.hpp"

#include <algorithm>
#include <array>

namespace spec {
namespace {

constexpr std::array<std::string_view, 5> telling{"SECRET", "PASSWORD", "PASSWD", "TOKEN", "CREDENTIAL"};

bool is_letter_or_digit(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

bool names_a_secret(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  const auto contains = [&](std::string_view part) { return upper.find(part) != std::string::npos; };
  if (std::any_of(telling.begin(), telling.end(), contains)) return true;
  bool has_key = false;
  for (std::size_t i = 0; i < upper.size();) {
    std::size_t end = i;
    while (end < upper.size() && is_letter_or_digit(upper[end])) ++end;
    const std::string_view word = std::string_view(upper).substr(i, end - i);
    if (word == "PUBLIC" || word == "PUB") return false;
    has_key = has_key || word.ends_with("KEY");
    i = end + 1;
  }
  return has_key;
}

bool is_secret_file(const std::filesystem::path& file, const std::filesystem::path& root) {
  const auto below = file.lexically_normal().lexically_relative(root);
  const bool is_below = !below.empty() && *below.begin() != "..";
  if (!is_below) return names_a_secret(file.filename().string());
  return std::any_of(below.begin(), below.end(), [](const auto& part) { return names_a_secret(part.string()); });
}

std::string open_to_others(const std::filesystem::path& file, const std::string& shown) {
  namespace fs = std::filesystem;
  std::error_code error;
  const auto status = fs::status(file, error);
  if (error || !fs::exists(status)) return "";
  const auto mode = static_cast<unsigned>(status.permissions()) & 0777U;
  if ((mode & 077U) == 0) return "";
  std::string digits;
  for (const unsigned shift : {6U, 3U, 0U}) digits += static_cast<char>('0' + ((mode >> shift) & 7U));
  return shown + " holds a secret and is open to other users (mode 0" + digits + "); close it: chmod 600 " + shown;
}

}  // namespace spec
