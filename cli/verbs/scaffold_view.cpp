#include "cli/verbs/scaffold_view.hpp"

#include <unistd.h>

#include <iostream>

#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"

namespace cli {
namespace {

bool can_ask(const WriteOptions& options) {
  const bool is_terminal = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
  return is_terminal && !options.yes && !options.dry_run && options.format == Format::table;
}

// Empty at the end of input.
std::string ask(const std::string& question) {
  std::cerr << question << std::flush;
  std::string line;
  std::getline(std::cin, line);
  return line;
}

std::string padded(std::string_view word) {
  std::string text(word);
  text.resize(std::max<std::size_t>(text.size(), 9), ' ');
  return text;
}

base::Json document(const scaffold::Draft& draft, bool written) {
  base::Json made;
  made["folder"] = draft.root.string();
  made["written"] = written;
  made["files"] = base::Json::array();
  for (const auto& step : draft.steps) {
    made["files"].push_back({{"change", files::word(step.change)}, {"path", step.path}});
  }
  made["notes"] = draft.notes;
  made["next"] = draft.next;
  return made;
}

void show_notes(const scaffold::Draft& draft) {
  for (const auto& note : draft.notes) say("NOTE      " + printable(note));
}

void show_steps(const scaffold::Draft& draft) {
  for (const auto& step : draft.steps) say(padded(files::word(step.change)) + " " + printable(step.path));
  show_notes(draft);
}

}  // namespace

base::Result<void> add_settings(scaffold::Values& values, const std::vector<std::string>& settings) {
  scaffold::Values set;
  for (const auto& setting : settings) {
    const auto equals = setting.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return base::fail(base::ErrorCode::invalid, "--set " + printable(setting) + ": expected KEY=VALUE");
    }
    set[setting.substr(0, equals)].push_back(setting.substr(equals + 1));
  }
  for (auto& [name, list] : set) values[name] = std::move(list);
  return base::success();
}

void ask_for_missing(const scaffold::Template& made, scaffold::Values& values, const WriteOptions& options) {
  if (!can_ask(options)) return;
  for (const auto& parameter : made.parameters) {
    const bool is_chosen = parameter.name == "port" || parameter.name == "grpc_port" || parameter.name == "resource";
    if (parameter.is_list || parameter.fallback || is_chosen || values.contains(parameter.name)) continue;
    const std::string answer = ask(parameter.name + " (" + parameter.help + "): ");
    if (!answer.empty()) values[parameter.name] = {answer};
  }
}

int carry_out(const scaffold::Draft& draft, const WriteOptions& options, const std::string& what) {
  const bool is_table = options.format == Format::table;
  if (options.dry_run) {
    if (is_table) show_steps(draft);
    print(is_table ? "nothing was written\n" : format_document(document(draft, false), options.format));
    return ok;
  }
  if (can_ask(options)) {
    show_steps(draft);
    const std::string answer = ask("Write these files below " + draft.root.string() + "? [Y/n] ");
    if (!answer.empty() && answer != "y" && answer != "Y" && answer != "yes") {
      say("nothing was written");
      return failed;
    }
  }
  if (const auto written = scaffold::write_draft(draft); !written) return report(written.error());
  if (!is_table) {
    print(format_document(document(draft, true), options.format));
    return ok;
  }
  say(what + ": " + std::to_string(draft.steps.size()) + " files written");
  show_notes(draft);
  if (!draft.next.empty()) say("\nNext:");
  for (const auto& line : draft.next) say("  " + line);
  return ok;
}

}  // namespace cli
