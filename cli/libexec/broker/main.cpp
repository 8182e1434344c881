#include <iostream>
#include <string>
#include <vector>

#include "cli/libexec/broker/commands.hpp"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  return broker::run(std::vector<std::string>(argv + 1, argv + argc), std::cin, std::cout, std::cerr);
}
