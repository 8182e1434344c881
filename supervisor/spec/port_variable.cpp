#include "supervisor/spec/port_variable.hpp"

#include <cctype>

namespace spec {

std::string port_variable(const std::string& port) {
  std::string variable = "PORT_";
  for (const char c : port) {
    const auto byte = static_cast<unsigned char>(c);
    variable += std::isalnum(byte) != 0 ? static_cast<char>(std::toupper(byte)) : '_';
  }
  return variable;
}

}  // namespace spec
