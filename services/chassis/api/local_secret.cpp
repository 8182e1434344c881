#include "services/chassis/api/local_secret.hpp"

#include <algorithm>

namespace chassis {
namespace {

// Takes as long wherever the two differ.
bool same_secret(std::string_view given, std::string_view wanted) {
  if (given.size() != wanted.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < given.size(); ++i) {
    difference |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned>(static_cast<unsigned char>(wanted[i]));
  }
  return difference == 0;
}

bool has_secret(const base::http::Request& request, const std::string& wanted) {
  static constexpr std::string_view scheme = "Bearer ";
  const auto header = request.headers.get("authorization");
  if (header.starts_with(scheme) && same_secret(header.substr(scheme.size()), wanted)) return true;
  std::vector<std::pair<std::string, std::string>> query;
  if (!base::http::parse_query(request.query(), query)) return false;
  return std::any_of(query.begin(), query.end(),
                     [&](const auto& one) { return one.first == "secret" && same_secret(one.second, wanted); });
}

}  // namespace

base::Result<void> check_local_secret(const base::http::Request& request, const std::string& wanted) {
  if (has_secret(request, wanted)) return base::success();
  return base::fail(base::ErrorCode::permission,
                    "this needs the secret that the configuration of this instance has under provider_states");
}

}  // namespace chassis
