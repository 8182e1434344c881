#pragma once
// The command line as data, read back from the parser that is used: help, completion and the man page are made of it.
// Plain values.

#include <string>
#include <vector>

namespace cli {

struct OptionView {
  std::string short_name;            // "-d", or empty
  std::string long_name;             // "--detach", or empty
  std::string meta;                  // placeholder of its value, "FILE"; empty: a flag
  std::vector<std::string> choices;  // the only values it takes; empty: any
  std::string fallback;              // its default, if it is told
  std::string help;
};

struct OperandView {
  std::string name;  // SERVICE
  std::vector<std::string> choices;
  bool required = false;
  bool many = false;
  std::string help;
};

struct VerbView {
  std::string group;  // heading in `help all`
  std::string name;
  std::string help;
  std::string footer;
  std::vector<OptionView> options;
  std::vector<OperandView> operands;
  bool passes_on = false;  // takes another program's command line after its operands
};

}  // namespace cli
