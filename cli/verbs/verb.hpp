#pragma once
// One subcommand each. A verb adds itself with its options to the command line and says what to run when it was chosen;
// it runs after parsing. CLI11 stays behind this header, in command_line.cpp: it costs seconds in every file that sees
// it.

#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "cli/terminal/document.hpp"
#include "cli/terminal/exit_code.hpp"

namespace CLI {
class App;
}

namespace cli {

using Run = std::function<int()>;

// A subcommand being described. The values that options write to must live until it has run.
class Verb {
 public:
  Verb(CLI::App& app, Run& chosen) : app_(app), chosen_(chosen) {}

  // `names` as in "-d,--detach"; `meta` is the placeholder in the help, such as FILE.
  Verb& flag(const std::string& names, bool& value, const std::string& help);
  Verb& option(const std::string& names, std::string& value, const std::string& meta, const std::string& help);
  // A whole number of `least` or more; the default is shown.
  Verb& option(const std::string& names, int& value, const std::string& meta, const std::string& help, int least = 1);
  // `--output table|json|yaml`.
  Verb& output(Format& format);
  Verb& operand(const std::string& name, std::string& value, const std::string& help);  // required
  Verb& operands(const std::string& name, std::vector<std::string>& values, const std::string& help);
  // Examples and exit codes, below the options.
  Verb& footer(const std::string& text);
  // What to do when the user chose this verb; returns the exit code.
  void run(Run action);

 private:
  CLI::App& app_;
  Run& chosen_;
};

// Where verbs add themselves.
class Verbs {
 public:
  virtual ~Verbs() = default;
  virtual Verb add(const std::string& name, const std::string& help) = 0;
};

void add_up(Verbs& verbs);
void add_down(Verbs& verbs);
void add_ps(Verbs& verbs);
void add_logs(Verbs& verbs);
void add_start(Verbs& verbs);
void add_stop(Verbs& verbs);
void add_restart(Verbs& verbs);
void add_health(Verbs& verbs);
void add_status(Verbs& verbs);
void add_version(Verbs& verbs);

// Prints the error and gives its exit code.
int report(const base::Error& error);

// Replaces this process by the command that msctl.yaml gives this name, with the ports of its services in the
// environment. Returns an exit code when there is none. `known` are the verbs, for "did you mean".
int run_workspace_command(const std::vector<std::string>& words, const std::vector<std::string>& known);

}  // namespace cli
