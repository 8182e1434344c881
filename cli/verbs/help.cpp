#include "cli/verbs/help.hpp"

#include <algorithm>

namespace cli {
namespace {

constexpr std::size_t first_verbs = 10;
constexpr std::size_t most_spelt_out = 4;  // choices of an operand

// What people need first comes first; the later ones fill up the ten while some of the earlier ones do not exist.
const std::vector<std::string>& order_of_first() {
  static const std::vector<std::string> order{"up",          "down",          "ps",     "logs",   "restart", "health",
                                              "new-service", "contract-test", "load",   "deploy", "start",   "wait",
                                              "events",      "graph",         "doctor", "top",    "exec",    "status"};
  return order;
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

}  // namespace

std::string synopsis(const VerbView& verb) {
  std::string text = verb.name;
  for (const auto& operand : verb.operands) {
    std::string name = operand.name;
    if (!operand.choices.empty() && operand.choices.size() <= most_spelt_out) {
      name.clear();
      for (const auto& choice : operand.choices) name += (name.empty() ? "" : "|") + choice;
    }
    if (operand.many) name += "...";
    text += operand.required ? " " + name : " [" + name + "]";
  }
  if (verb.passes_on) text += " [--] ARG...";
  return text;
}

std::string first_help(const std::vector<VerbView>& verbs) {
  std::vector<const VerbView*> shown;
  for (const auto& name : order_of_first()) {
    const auto found = std::find_if(verbs.begin(), verbs.end(), [&](const auto& verb) { return verb.name == name; });
    if (found != verbs.end() && shown.size() < first_verbs) shown.push_back(&*found);
  }
  std::size_t width = 0;
  for (const auto* verb : shown) width = std::max(width, synopsis(*verb).size());
  std::string text = "msctl runs the services of a cluster (msctl.yaml) and tells how they are.\n\n";
  for (const auto* verb : shown) text += "  msctl " + padded(synopsis(*verb), width) + "  " + verb->help + "\n";
  return text + "\nAll commands: msctl help all      One of them: msctl help up\n";
}

std::string all_help(const std::vector<VerbView>& verbs, const std::map<std::string, std::string>& own) {
  std::size_t width = 0;
  for (const auto& verb : verbs) width = std::max(width, verb.name.size());
  for (const auto& [name, help] : own) width = std::max(width, name.size());
  std::string text;
  std::string group;
  for (const auto& verb : verbs) {
    if (verb.group != group) text += verb.group + "\n";
    group = verb.group;
    text += "  " + padded(verb.name, width) + "  " + verb.help + "\n";
  }
  if (!own.empty()) text += "This cluster's own\n";
  for (const auto& [name, help] : own) text += "  " + padded(name, width) + "  " + help + "\n";
  return text;
}

}  // namespace cli
