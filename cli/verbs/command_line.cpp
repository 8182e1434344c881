#include "cli/verbs/command_line.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include <CLI/CLI.hpp>

#include "cli/session/place.hpp"
#include "cli/terminal/say.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

constexpr const char* first_verbs = R"(msctl runs the services of a cluster (msctl.yaml) and tells how they are.

  msctl up [SERVICE...]   start the cluster, or some services and what they require
  msctl down              stop everything
  msctl ps                list the services
  msctl logs [SERVICE...] show what they wrote; -f follows
  msctl restart SERVICE   stop and start one
  msctl health            ask every service for its checks

All commands: msctl help all      One of them: msctl help up
)";

struct Group {
  const char* title;
  std::vector<void (*)(Verbs&)> verbs;
};

const std::vector<Group>& groups() {
  static const std::vector<Group> all{
      {"Run", {add_up, add_down, add_ps, add_start, add_stop, add_restart, add_logs, add_status}},
      {"Prove", {add_health}},
      {"About", {add_version}},
  };
  return all;
}

std::string list_of_all(const std::vector<std::pair<std::string, std::vector<CLI::App*>>>& listed) {
  std::string text;
  for (const auto& [title, verbs] : listed) {
    text += title + "\n";
    for (const auto* verb : verbs) {
      std::string name = verb->get_name();
      name.resize(std::max<std::size_t>(name.size(), 10), ' ');
      text += "  " + name + "  " + verb->get_description() + "\n";
    }
  }
  const auto place = find_place();
  const auto cluster = place ? spec::load_cluster(place.value().file) : base::Result<spec::Cluster>(place.error());
  if (!cluster || cluster.value().commands.empty()) return text;
  text += "This cluster's own\n";
  for (const auto& [name, command] : cluster.value().commands) {
    text += "  " + name + std::string(name.size() < 12 ? 12 - name.size() : 1, ' ') + command.help + "\n";
  }
  return text;
}

class CommandLine final : private Verbs {
 public:
  CommandLine() {
    root_.set_help_flag("-h,--help", "Show this help");
    root_.set_version_flag("--version", "msctl " MSCTL_VERSION);
    root_.require_subcommand(0, 1);
    for (const auto& group : groups()) {
      listed_.emplace_back(group.title, std::vector<CLI::App*>());
      for (const auto add_to : group.verbs) add_to(*this);
    }
  }

  int run(const std::vector<std::string>& words) {
    if (words.empty() || words.front() == "-h" || words.front() == "--help") return print(first_verbs), ok;
    if (words.front() == "help") return help(words);
    if (words.front().front() != '-' && !has_verb(words.front())) return run_workspace_command(words, verb_names());
    try {
      root_.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    } catch (const CLI::ParseError& error) {
      // CLI11 has exit codes of its own (106, 109, …); only "help was asked for" is no mistake.
      if (error.get_exit_code() == 0) return root_.exit(error);
      say_error("msctl: " + std::string(error.what()) + "\nTry: msctl help" +
                (has_verb(words.front()) ? " " + words.front() : std::string()));
      return usage;
    }
    return chosen_ ? chosen_() : usage;
  }

 private:
  Verb add(const std::string& name, const std::string& help) override {
    listed_.back().second.push_back(root_.add_subcommand(name, help));
    return {*listed_.back().second.back(), chosen_};
  }

  int help(const std::vector<std::string>& words) {
    if (words.size() < 2) return print(first_verbs), ok;
    if (words[1] == "all") return print(list_of_all(listed_)), ok;
    if (!has_verb(words[1])) return say_error("msctl: no command `" + words[1] + "`; see msctl help all"), usage;
    print(root_.get_subcommand(words[1])->help("msctl"));
    return ok;
  }

  std::vector<std::string> verb_names() const {
    std::vector<std::string> names{"help"};
    for (const auto& [title, verbs] : listed_) {
      for (const auto* verb : verbs) names.push_back(verb->get_name());
    }
    return names;
  }

  bool has_verb(const std::string& name) const {
    const auto names = verb_names();
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  CLI::App root_{"Runs the services of a cluster", "msctl"};
  Run chosen_;
  std::vector<std::pair<std::string, std::vector<CLI::App*>>> listed_;
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

Verb& Verb::output(Format& format) {
  static const std::map<std::string, Format> names{
      {"table", Format::table}, {"json", Format::json}, {"yaml", Format::yaml}};
  const auto known = [](const std::string& text) {
    return names.contains(text) ? std::string() : "expected table, json or yaml, got \"" + text + "\"";
  };
  const auto set = [&format](const std::string& text) { format = names.at(text); };
  app_.add_option_function<std::string>("--output", set, "table (default), json or yaml")
      ->check(known)
      ->type_name("FORMAT");
  return *this;
}

Verb& Verb::operand(const std::string& name, std::string& value, const std::string& help) {
  app_.add_option(name, value, help)->required();
  return *this;
}

Verb& Verb::operands(const std::string& name, std::vector<std::string>& values, const std::string& help) {
  app_.add_option(name, values, help);
  return *this;
}

Verb& Verb::footer(const std::string& text) {
  app_.footer(text);
  return *this;
}

void Verb::run(Run action) {
  app_.callback([action = std::move(action), &chosen = chosen_] { chosen = action; });
}

int report(const base::Error& error) {
  say_error("msctl: " + error.message);
  return exit_code_of(error);
}

int run_command_line(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words.front().empty()) return say_error("msctl: empty command; see msctl help all"), usage;
  return CommandLine().run(words);
}

}  // namespace cli
