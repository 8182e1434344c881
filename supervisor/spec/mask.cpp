#include "supervisor/spec/mask.hpp"

#include "supervisor/spec/secrets.hpp"

namespace spec {

std::string mask_urls(const std::string& text) {
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = text.find("://"); at != std::string::npos; at = text.find("://", at + 3)) {
    const std::size_t end = text.find_first_of("/?# \t\n\"'", at + 3);
    const std::size_t host = text.rfind('@', end);
    const std::size_t colon = text.find(':', at + 3);
    if (host == std::string::npos || host < at || colon == std::string::npos || colon > host) continue;
    out += text.substr(done, colon + 1 - done) + masked;
    done = host;
  }
  out += text.substr(done);
  const bool may_cut_a_replacement = done > 0 && out.find("${") != std::string::npos;
  return may_cut_a_replacement ? masked : out;
}

std::vector<std::string> mask_arguments(std::vector<std::string> arguments) {
  bool is_value = false;
  for (std::string& argument : arguments) {
    const bool was_named = is_value;
    is_value = false;
    if (was_named && !argument.starts_with('-')) {
      argument = masked;
      continue;
    }
    const std::size_t equals = argument.find('=');
    const bool has_secret_name = argument.find_first_of(" /") > equals && names_a_secret(argument.substr(0, equals));
    if (equals != std::string::npos && has_secret_name) {
      argument = argument.substr(0, equals + 1) + masked;
    } else {
      is_value = argument.starts_with('-') && equals == std::string::npos && names_a_secret(argument);
      argument = mask_urls(argument);
    }
  }
  return arguments;
}

}  // namespace spec
