#include "supervisor/spec/size.hpp"

#include <array>
#include <cmath>
#include <cstdlib>
#include <string_view>

namespace spec {
namespace {

constexpr std::string_view units = "KMGT";

}  // namespace

std::int64_t size_of(const base::Json& value) {
  double bytes = 0;
  if (value.is_string()) {
    const std::string& text = value.get_ref<const std::string&>();
    char* rest = nullptr;
    bytes = std::strtod(text.c_str(), &rest);
    if (const auto unit = units.find(*rest); *rest != '\0' && unit != std::string_view::npos) {
      bytes = std::ldexp(bytes, 10 * static_cast<int>(unit + 1));
    }
  } else {
    bytes = value.get<double>();
  }
  const bool is_possible = bytes >= static_cast<double>(least_size) && bytes <= static_cast<double>(most_size);
  return is_possible ? static_cast<std::int64_t>(bytes) : 0;
}

std::string format_size(std::int64_t bytes) {
  std::size_t unit = 0;
  while (bytes != 0 && bytes % 1024 == 0 && unit < units.size()) {
    bytes /= 1024;
    ++unit;
  }
  return std::to_string(bytes) + (unit == 0 ? "" : std::string(1, units[unit - 1]));
}

}  // namespace spec
