#include "services/chassis/config/settings.hpp"

#include <charconv>

namespace chassis {

using std::chrono::milliseconds;

std::string Settings::text(const std::string& name, const std::string& otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() || found->second.empty() ? otherwise : found->second;
}

base::Result<milliseconds> Settings::duration_ms(const std::string& name, milliseconds otherwise, milliseconds least,
                                                 milliseconds most) const {
  TRY(const auto count, number(name, otherwise.count(), least.count(), most.count()));
  return milliseconds(count);
}

base::Result<std::int64_t> Settings::number(const std::string& name, std::int64_t otherwise, std::int64_t least,
                                            std::int64_t most) const {
  const std::string value = text(name, "");
  if (value.empty()) return otherwise;
  std::int64_t read = 0;
  const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), read);
  if (error != std::errc() || stop != value.data() + value.size() || read < least || read > most) {
    return base::fail(base::ErrorCode::malformed, name + ": expected a whole number from " + std::to_string(least) +
                                                      " to " + std::to_string(most) + ", got '" + value +
                                                      "'; set it under env in service.yaml");
  }
  return read;
}

}  // namespace chassis
