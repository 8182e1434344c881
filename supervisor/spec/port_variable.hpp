#pragma once
// The variable in which a program finds one of its ports. Pure.

#include <string>

namespace spec {

// PORT_HTTP of the port `http`: letters in capitals, whatever is no letter or digit as `_`.
std::string port_variable(const std::string& port);

}  // namespace spec
