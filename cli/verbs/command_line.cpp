#include "cli/verbs/command_line.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include <CLI/CLI.hpp>

#include "base/joined.hpp"
#include "cli/session/place.hpp"
#include "cli/session/verb_names.hpp"
#include "cli/terminal/say.hpp"
#include "cli/verbs/help.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

struct Entry {
  const char* group;  // heading in `help all`
  const char* name;
  void (*add_to)(Verbs&);
};

constexpr const char* run_group = "Run";
constexpr const char* look_group = "Look inside";
constexpr const char* grow_group = "Grow";
constexpr const char* prove_group = "Prove";
constexpr const char* ship_group = "Ship";
constexpr const char* about_group = "About";

constexpr std::array entries = std::to_array<Entry>({
    {run_group, "up", add_up},
    {run_group, "down", add_down},
    {run_group, "ps", add_ps},
    {run_group, "start", add_start},
    {run_group, "stop", add_stop},
    {run_group, "restart", add_restart},
    {run_group, "scale", add_scale},
    {run_group, "wait", add_wait},
    {look_group, "logs", add_logs},
    {look_group, "events", add_events},
    {look_group, "top", add_top},
    {look_group, "status", add_status},
    {look_group, "health", add_health},
    {look_group, "graph", add_graph},
    {look_group, "dlq", add_dlq},
    {look_group, "exec", add_exec},
    {look_group, "debug", add_debug},
    {look_group, "doctor", add_doctor},
    {look_group, "outbox", add_outbox},
    {look_group, "saga", add_saga},
    {prove_group, "contract-test", add_contract_test},
    {prove_group, "can-i-deploy", add_can_i_deploy},
    {prove_group, "api", add_api},
    {prove_group, "schema", add_schema},
    {prove_group, "load", add_load},
    {prove_group, "drill", add_drill},
    {prove_group, "verify", add_verify},
    {grow_group, "init", add_init},
    {grow_group, "new-service", add_new_service},
    {grow_group, "update", add_update},
    {grow_group, "config", add_config},
    {grow_group, "import", add_import},
    {ship_group, "deploy", add_deploy},
    {ship_group, "affected", add_affected},
    {about_group, "version", add_version},
    {about_group, "completion", add_completion},
    {about_group, "man", add_man},
});

static_assert(std::all_of(entries.begin(), entries.end(), [](const Entry& one) { return is_verb(one.name); }) &&
                  entries.size() + 1 == verb_names.size(),  // `help` is not in the table
              "cli/session/verb_names.hpp must have the same names");

std::map<std::string, std::string> commands_of_the_cluster() {
  std::map<std::string, std::string> helps;
  const auto place = find_place();
  const auto cluster = place ? place.value().load() : base::Result<spec::Cluster>(place.error());
  if (!cluster) return helps;
  for (const auto& [name, command] : cluster.value().commands) helps[name] = command.help;
  return helps;
}

// "ready|stopped" is a choice of two.
std::vector<std::string> choices_in(const std::string& type) {
  std::vector<std::string> choices;
  if (type.find('|') == std::string::npos) return choices;
  for (std::size_t start = 0; start <= type.size();) {
    const std::size_t end = std::min(type.find('|', start), type.size());
    choices.push_back(type.substr(start, end - start));
    start = end + 1;
  }
  return choices;
}

OperandView operand_view(const CLI::Option& option) {
  OperandView view;
  view.name = option.get_name(true);
  view.choices = choices_in(option.get_type_name());
  view.required = option.get_required();
  view.many = option.get_items_expected_max() > 1;
  view.help = option.get_description();
  return view;
}

OptionView option_view(const CLI::Option& option) {
  OptionView view;
  if (!option.get_snames().empty()) view.short_name = "-" + option.get_snames().front();
  if (!option.get_lnames().empty()) view.long_name = "--" + option.get_lnames().front();
  if (option.get_items_expected_max() > 0) view.meta = option.get_type_name();
  view.choices = choices_in(view.meta);
  view.fallback = option.get_default_str();
  view.help = option.get_description();
  return view;
}

VerbView view_of(const char* group, const CLI::App& verb) {
  VerbView view{group, verb.get_name(), verb.get_description(), verb.get_footer(), {}, {}, verb.get_prefix_command()};
  for (const CLI::Option* option : verb.get_options()) {
    if (option->get_positional()) {
      view.operands.push_back(operand_view(*option));
    } else {
      view.options.push_back(option_view(*option));
    }
  }
  return view;
}

std::function<std::string(const std::string&)> one_of(const std::vector<std::string>& choices) {
  return [choices](const std::string& text) {
    if (std::find(choices.begin(), choices.end(), text) != choices.end()) return std::string();
    return "expected " + base::joined(choices, " or ") + ", got \"" + text + "\"";
  };
}

class CommandLine final : private Verbs {
 public:
  // All verbs, or only the one of this name: describing one to CLI11 costs a tenth of a millisecond.
  explicit CommandLine(const std::string& only) {
    root_.set_help_flag("-h,--help", "Show this help");
    root_.set_version_flag("--version", "msctl " MSCTL_VERSION);
    root_.require_subcommand(0, 1);
    for (const auto& entry : entries) {
      group_ = entry.group;
      if (only.empty() || only == entry.name) entry.add_to(*this);
    }
    if (only.empty()) {
      add_complete(*this);
      add_stub(*this);
    }
  }

  // Cluster files go to a verb that lays several over each other (`-f,--file`), else to where find_place() looks.
  void place_files(const std::vector<std::string>& files, std::vector<std::string>& words) {
    if (files.empty()) return;
    const CLI::App* const verb = words.empty() ? nullptr : find(words.front());
    const CLI::Option* const option = verb == nullptr ? nullptr : verb->get_option_no_throw("--file");
    if (option == nullptr || !option->check_name("-f")) {
      ::setenv("MSCTL_FILE", files.back().c_str(), 1);
      return;
    }
    std::vector<std::string> given;
    for (const auto& file : files) given.insert(given.end(), {"--file", file});
    words.insert(words.begin() + 1, given.begin(), given.end());
  }

  int run(std::vector<std::string> words) {
    if (words.empty() || words.front() == "-h" || words.front() == "--help") return print(first_help(described())), ok;
    if (words.front() == "help") return help(words);
    CLI::App* const verb = find(words.front());
    if (words.front().front() != '-' && verb == nullptr) return run_workspace_command(words, all_verb_names());
    if (verb != nullptr && verb->get_prefix_command()) cut_at_dashes(words);
    try {
      root_.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    } catch (const CLI::ParseError& error) {
      // CLI11 has exit codes of its own (106, 109, …); only "help was asked for" is no mistake.
      if (error.get_exit_code() == 0) return root_.exit(error);
      say_error("msctl: " + std::string(error.what()) + "\nTry: msctl help" +
                (verb != nullptr ? " " + words.front() : std::string()));
      return usage;
    }
    return chosen_.run ? chosen_.run() : usage;
  }

 private:
  Verb add(const std::string& name, const std::string& help) override {
    listed_.emplace_back(group_, root_.add_subcommand(name, help));
    return {*listed_.back().second, chosen_};
  }

  Verb add_hidden(const std::string& name, const std::string& help) override {
    return {*root_.add_subcommand(name, help), chosen_};
  }

  std::vector<VerbView> described() const override {
    std::vector<VerbView> views;
    views.reserve(listed_.size() + 1);
    for (const auto& [group, verb] : listed_) views.push_back(view_of(group, *verb));
    OperandView of{"COMMAND", all_verb_names(), false, false, "A command, or `all`"};
    of.choices.emplace_back("all");
    const std::string examples = "Examples:\n  msctl help all\n  msctl help up";
    views.push_back({group_, "help", "Show the commands, or the options of one", examples, {}, {of}, false});
    return views;
  }

  int help(const std::vector<std::string>& words) {
    if (words.size() < 2) return print(first_help(described())), ok;
    if (words[1] == "all") return print(all_help(described(), commands_of_the_cluster())), ok;
    CLI::App* const verb = find(words[1]);
    if (verb == nullptr) return say_error("msctl: no command `" + words[1] + "`; see msctl help all"), usage;
    print(verb->help("msctl"));
    return ok;
  }

  // CLI11 hands what follows `--` to the parent when the verb has no operand left.
  void cut_at_dashes(std::vector<std::string>& words) {
    const auto dashes = std::find(words.begin(), words.end(), "--");
    if (dashes == words.end()) return;
    chosen_.dashes = true;
    chosen_.after_dashes.assign(dashes + 1, words.end());
    words.erase(dashes, words.end());
  }

  CLI::App* find(const std::string& name) {
    const auto same = root_.get_subcommands([&](const CLI::App* one) { return one->get_name() == name; });
    return same.empty() ? nullptr : same.front();
  }

  CLI::App root_{"Runs the services of a cluster", "msctl"};
  Chosen chosen_;
  const char* group_ = "";
  std::vector<std::pair<const char*, CLI::App*>> listed_;
};

}  // namespace

Verb& Verb::flag(const std::string& names, bool& value, const std::string& help) {
  app_.add_flag(names, value, help);
  return *this;
}

Verb& Verb::option(const std::string& names, std::string& value, const std::string& meta, const std::string& help) {
  app_.add_option(names, value, help)->type_name(meta);
  return *this;
}

Verb& Verb::option(const std::string& names, std::vector<std::string>& values, const std::string& meta,
                   const std::string& help) {
  app_.add_option(names, values, help)->allow_extra_args(false)->type_name(meta);
  return *this;
}

Verb& Verb::option(const std::string& names, int& value, const std::string& meta, const std::string& help, int least) {
  const auto enough = [least](const std::string& text) {
    int number = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool good = end.ec == std::errc() && end.ptr == text.data() + text.size() && number >= least;
    return good ? std::string()
                : "expected a whole number of " + std::to_string(least) + " or more, got \"" + text + "\"";
  };
  app_.add_option(names, value, help)->check(enough)->type_name(meta)->capture_default_str();
  return *this;
}

Verb& Verb::choice(const std::string& names, std::string& value, const std::vector<std::string>& choices,
                   const std::string& help) {
  app_.add_option(names, value, help)
      ->check(one_of(choices))
      ->type_name(base::joined(choices, "|"))
      ->capture_default_str();
  return *this;
}

Verb& Verb::output(Format& format) {
  static const std::map<std::string, Format> names{
      {"table", Format::table}, {"json", Format::json}, {"yaml", Format::yaml}};
  static const std::vector<std::string> choices{"table", "json", "yaml"};
  const auto set = [&format](const std::string& text) { format = names.at(text); };
  app_.add_option_function<std::string>("--output", set, "How to print it")
      ->check(one_of(choices))
      ->type_name(base::joined(choices, "|"))
      ->default_str(format == Format::yaml ? "yaml" : "table");
  return *this;
}

Verb& Verb::operand(const std::string& name, std::string& value, const std::string& help) {
  app_.add_option(name, value, help)->required()->type_name("");
  return *this;
}

Verb& Verb::operand(const std::string& name, std::string& value, const std::vector<std::string>& choices,
                    const std::string& help) {
  app_.add_option(name, value, help)->required()->check(one_of(choices))->type_name(base::joined(choices, "|"));
  return *this;
}

Verb& Verb::optional_operand(const std::string& name, std::string& value, const std::string& help) {
  app_.add_option(name, value, help)->type_name("");
  return *this;
}

Verb& Verb::operands(const std::string& name, std::vector<std::string>& values, const std::string& help) {
  app_.add_option(name, values, help)->type_name("");
  return *this;
}

Verb& Verb::footer(const std::string& text) {
  app_.footer(text);
  return *this;
}

Verb& Verb::rest(std::vector<std::string>& words) {
  app_.prefix_command();
  rest_ = &words;
  return *this;
}

void Verb::run(Run action) {
  app_.callback([action = std::move(action), &app = app_, rest = rest_, &chosen = chosen_] {
    if (rest != nullptr) {
      *rest = app.remaining();
      if (!rest->empty() && chosen.dashes) rest->emplace_back("--");
      rest->insert(rest->end(), chosen.after_dashes.begin(), chosen.after_dashes.end());
    }
    chosen.run = action;
  });
}

std::vector<std::string> all_verb_names() { return {verb_names.begin(), verb_names.end()}; }

int report(const base::Error& error) {
  say_error("msctl: " + error.message);
  return exit_code_of(error);
}

namespace {

// The verb that is asked for when no other one matters: those that print all of them, and mistakes, need them all.
std::string alone(const std::vector<std::string>& words) {
  if (words.empty()) return {};
  for (const char* whole : {"completion", "man"}) {
    if (words.front() == whole) return {};
  }
  return is_verb(words.front()) && words.front() != "help" ? words.front() : std::string();
}

// `--project NAME` and `--file FILE` before the command or after it mean the same for every command: the project goes
// where find_place() looks, and the files are handed back in their order. What follows `--` is somebody else's, and
// behind `contract-test` --file names contracts.
base::Result<std::vector<std::string>> take_global_options(std::vector<std::string>& words) {
  std::vector<std::string> files;
  for (std::size_t i = 0; i < words.size() && words[i] != "--";) {
    const std::string name = words[i].substr(0, words[i].find('='));
    const bool is_project = name == "--project";
    const bool is_contract = i > 0 && words[0] == "contract-test";
    if (!is_project && (name != "--file" || is_contract)) {
      ++i;
      continue;
    }
    const bool attached = name.size() < words[i].size();
    if (!attached && i + 1 == words.size()) return base::fail(base::ErrorCode::invalid, name + " needs a value");
    const std::string value = attached ? words[i].substr(name.size() + 1) : words[i + 1];
    if (is_project) {
      ::setenv("MSCTL_PROJECT", value.c_str(), 1);
    } else {
      files.push_back(value);
    }
    const auto begin = words.begin() + static_cast<std::ptrdiff_t>(i);
    words.erase(begin, begin + (attached ? 1 : 2));
  }
  return files;
}

}  // namespace

int run_command_line(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const auto files = take_global_options(words);
  if (!files) return report(files.error()), usage;
  if (!words.empty() && words.front().empty()) return say_error("msctl: empty command; see msctl help all"), usage;
  CommandLine line(alone(words));
  line.place_files(files.value(), words);
  return finish_output(line.run(words));
}

}  // namespace cli
