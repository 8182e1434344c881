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
#include "cli/verbs/verb_view.hpp"

namespace CLI {
class App;
}

namespace cli {

using Run = std::function<int()>;

// What the user asked for, as far as it is known.
struct Chosen {
  Run run;
  bool dashes = false;                    // there was a `--` for a verb that passes words on
  std::vector<std::string> after_dashes;  // and this came after it
};

// A subcommand being described. The values that options write to must live until it has run.
class Verb {
 public:
  Verb(CLI::App& app, Chosen& chosen) : app_(app), chosen_(chosen) {}

  // `names` as in "-d,--detach"; `meta` is the placeholder in the help, such as FILE.
  Verb& flag(const std::string& names, bool& value, const std::string& help);
  Verb& option(const std::string& names, std::string& value, const std::string& meta, const std::string& help);
  // May be given several times, each with one value.
  Verb& option(const std::string& names, std::vector<std::string>& values, const std::string& meta,
               const std::string& help);
  // A whole number of `least` or more; the default is shown.
  Verb& option(const std::string& names, int& value, const std::string& meta, const std::string& help, int least = 1);
  // One word of `choices`, which completion offers as well; the default is shown.
  Verb& choice(const std::string& names, std::string& value, const std::vector<std::string>& choices,
               const std::string& help);
  // `--output table|json|yaml`.
  Verb& output(Format& format);
  Verb& operand(const std::string& name, std::string& value, const std::string& help);  // required
  Verb& operand(const std::string& name, std::string& value, const std::vector<std::string>& choices,
                const std::string& help);  // required, one word of `choices`
  Verb& optional_operand(const std::string& name, std::string& value, const std::string& help);
  Verb& operands(const std::string& name, std::vector<std::string>& values, const std::string& help);
  // What follows the operands, or `--`, is left to another program as it is.
  Verb& rest(std::vector<std::string>& words);
  // Examples and exit codes, below the options.
  Verb& footer(const std::string& text);
  // What to do when the user chose this verb; returns the exit code.
  void run(Run action);

 private:
  CLI::App& app_;
  Chosen& chosen_;
  std::vector<std::string>* rest_ = nullptr;
};

// Where verbs add themselves.
class Verbs {
 public:
  virtual ~Verbs() = default;
  virtual Verb add(const std::string& name, const std::string& help) = 0;
  // Works, but is shown nowhere.
  virtual Verb add_hidden(const std::string& name, const std::string& help) = 0;
  // All that are shown, in the order of the help; complete once every verb has added itself.
  virtual std::vector<VerbView> described() const = 0;
};

void add_api(Verbs& verbs);
void add_schema(Verbs& verbs);
void add_outbox(Verbs& verbs);
void add_saga(Verbs& verbs);
void add_up(Verbs& verbs);
void add_down(Verbs& verbs);
void add_ps(Verbs& verbs);
void add_logs(Verbs& verbs);
void add_start(Verbs& verbs);
void add_stop(Verbs& verbs);
void add_restart(Verbs& verbs);
void add_scale(Verbs& verbs);
void add_health(Verbs& verbs);
void add_load(Verbs& verbs);
void add_config(Verbs& verbs);
void add_import(Verbs& verbs);
void add_init(Verbs& verbs);
void add_new_service(Verbs& verbs);
void add_update(Verbs& verbs);
void add_status(Verbs& verbs);
void add_version(Verbs& verbs);
void add_wait(Verbs& verbs);
void add_events(Verbs& verbs);
void add_top(Verbs& verbs);
void add_graph(Verbs& verbs);
void add_doctor(Verbs& verbs);
void add_exec(Verbs& verbs);
void add_debug(Verbs& verbs);
void add_dlq(Verbs& verbs);
void add_drill(Verbs& verbs);
void add_deploy(Verbs& verbs);
void add_affected(Verbs& verbs);
void add_contract_test(Verbs& verbs);
void add_can_i_deploy(Verbs& verbs);
void add_verify(Verbs& verbs);
void add_completion(Verbs& verbs);
void add_complete(Verbs& verbs);
void add_stub(Verbs& verbs);
void add_man(Verbs& verbs);

// The name of every verb there is, `help` included.
std::vector<std::string> all_verb_names();

// Prints the error and gives its exit code.
int report(const base::Error& error);

// Replaces this process by the command that msctl.yaml gives this name, with the ports of its services in the
// environment. Returns an exit code when there is none. `known` are the verbs, for "did you mean".
int run_workspace_command(const std::vector<std::string>& words, const std::vector<std::string>& known);

}  // namespace cli
