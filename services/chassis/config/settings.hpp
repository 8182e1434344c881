#pragma once
// What a service lets people tune: environment variables, set by `env` in its service.yaml. Read once, before anything
// binds or starts, so that a bad value ends the start with one sentence. A plain value.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "base/result.hpp"

namespace chassis {

class Settings {
 public:
  Settings() = default;
  explicit Settings(std::map<std::string, std::string> values) : values_(std::move(values)) {}

  // `otherwise` when it is not set or empty.
  std::string text(const std::string& name, const std::string& otherwise) const;
  // A whole number of milliseconds. Errors: malformed, unless it is from `least` to `most`.
  base::Result<std::chrono::milliseconds> duration_ms(const std::string& name, std::chrono::milliseconds otherwise,
                                                      std::chrono::milliseconds least,
                                                      std::chrono::milliseconds most) const;
  // Errors: malformed, unless it is a whole number from `least` to `most`.
  base::Result<std::int64_t> number(const std::string& name, std::int64_t otherwise, std::int64_t least,
                                    std::int64_t most) const;

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace chassis
