#include "cli/verbs/completion_text.hpp"

#include <algorithm>

#include "base/joined.hpp"
#include "cli/verbs/replaced.hpp"

namespace cli {
namespace {

// In single quotes, for any of the shells' parsers.
std::string shell_quoted(const std::string& text) { return "'" + replaced(text, {{'\'', "'\\''"}}) + "'"; }
std::string fish_quoted(const std::string& text) { return "'" + replaced(text, {{'\'', "\\'"}, {'\\', "\\\\"}}) + "'"; }

std::vector<std::string> names_of(const OptionView& option) {
  std::vector<std::string> names;
  if (!option.short_name.empty()) names.push_back(option.short_name);
  if (!option.long_name.empty()) names.push_back(option.long_name);
  return names;
}

bool is_a_file(const std::string& meta) { return meta == "FILE" || meta == "DIR" || meta == "FOLDER"; }
bool names_services(const std::string& name) { return name == "SERVICE"; }

// --- bash ---------------------------------------------------------------------------------------------------------

// The words after an option that takes a value; nothing for what cannot be known.
std::string bash_values(const std::string& meta, const std::vector<std::string>& choices) {
  if (!choices.empty()) return "_msctl_words " + shell_quoted(base::joined(choices, " "));
  if (names_services(meta)) return "_msctl_services";
  if (is_a_file(meta)) return "_msctl_files";
  return ":";
}

std::string bash_verb(const VerbView& verb) {
  std::vector<std::string> flags;
  std::string values;
  for (const auto& option : verb.options) {
    for (const auto& name : names_of(option)) flags.push_back(name);
    if (option.meta.empty()) continue;
    values += "        " + base::joined(names_of(option), "|") + ") " + bash_values(option.meta, option.choices) +
              "; return ;;\n";
  }
  std::string operands = ":";
  if (!verb.operands.empty()) operands = bash_values(verb.operands.front().name, verb.operands.front().choices);
  std::string text = "    " + verb.name + ")\n";
  if (!values.empty()) text += "      case $prev in\n" + values + "      esac\n";
  if (verb.passes_on) {
    // Past the service it is another program's command line.
    text +=
        "      if (( words_before > 0 )) && [[ $cur != -* ]]; then COMPREPLY=($(compgen -c -f -- \"$cur\")); return; "
        "fi\n";
  }
  return text + "      if [[ $cur == -* ]]; then _msctl_words " + shell_quoted(base::joined(flags, " ")) + "; else " +
         operands + "; fi ;;\n";
}

constexpr const char* bash_head = R"sh(# bash completion for msctl; made by `msctl completion bash`.

_msctl_words() { COMPREPLY=($(compgen -W "$1" -- "$cur")); }
_msctl_services() { _msctl_words "$("${COMP_WORDS[0]}" __complete services 2>/dev/null)"; }
_msctl_files() { COMPREPLY=($(compgen -f -- "$cur")); compopt -o filenames 2>/dev/null; }

_msctl() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]} words_before=0 i
  COMPREPLY=()
  # bash takes the = of --for=ready for a word of its own.
  if [[ $cur == '=' ]]; then cur=''; elif [[ $prev == '=' ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
  for (( i = 2; i < COMP_CWORD; i++ )); do [[ ${COMP_WORDS[i]} == -* ]] || (( ++words_before )); done
)sh";

// --- zsh ----------------------------------------------------------------------------------------------------------

std::string zsh_escaped(const std::string& text) {
  return replaced(text, {{'[', "\\["}, {']', "\\]"}, {':', "\\:"}, {'\'', "'\\''"}, {'\n', " "}});
}

std::string zsh_action(const std::string& meta, const std::vector<std::string>& choices) {
  if (!choices.empty()) return "(" + base::joined(choices, " ") + ")";
  if (names_services(meta)) return "_msctl_services";
  return is_a_file(meta) ? "_files" : " ";
}

std::string zsh_option(const OptionView& option) {
  std::string value;
  if (!option.meta.empty()) {
    const std::string title = option.choices.empty() ? zsh_escaped(option.meta) : "value";
    value = ":" + title + ":" + zsh_action(option.meta, option.choices);
  }
  std::string text;
  for (const auto& name : names_of(option)) {
    const bool takes = !option.meta.empty();
    const std::string end = !takes ? "" : name.starts_with("--") ? "=" : "+";
    text += " \\\n        '" + name + end + "[" + zsh_escaped(option.help) + "]" + value + "'";
  }
  return text;
}

std::string zsh_verb(const VerbView& verb) {
  std::string text = "    " + verb.name + ")\n      _arguments -S";
  for (const auto& option : verb.options) text += zsh_option(option);
  for (const auto& operand : verb.operands) {
    text += std::string(" \\\n        '") + (operand.many ? "*" : "1") + ":" + zsh_escaped(operand.name) + ":" +
            zsh_action(operand.name, operand.choices) + "'";
  }
  if (verb.passes_on) text += " \\\n        '*::command:_normal'";
  return text + " ;;\n";
}

constexpr const char* zsh_head = R"sh(#compdef msctl
# zsh completion for msctl; made by `msctl completion zsh`.

_msctl_services() {
  local -a services
  services=(${(f)"$($msctl_program __complete services 2>/dev/null)"})
  compadd -a services
}

_msctl() {
  local msctl_program=$words[1]
  local -a verbs own
)sh";

// --- fish ---------------------------------------------------------------------------------------------------------

std::string fish_values(const std::string& meta, const std::vector<std::string>& choices) {
  if (!choices.empty()) return " -x -a " + fish_quoted(base::joined(choices, " "));
  if (names_services(meta)) return " -x -a '(__msctl_words services)'";
  return is_a_file(meta) ? " -r -F" : " -x";
}

std::string fish_option(const std::string& verb, const OptionView& option) {
  std::string text = "complete -c msctl -n " + fish_quoted("__fish_seen_subcommand_from " + verb);
  if (!option.short_name.empty()) text += " -s " + option.short_name.substr(1);
  if (!option.long_name.empty()) text += " -l " + option.long_name.substr(2);
  if (!option.meta.empty()) text += fish_values(option.meta, option.choices);
  return text + " -d " + fish_quoted(option.help) + "\n";
}

std::string fish_verb(const VerbView& verb) {
  std::string text =
      "complete -c msctl -n __fish_use_subcommand -a " + verb.name + " -d " + fish_quoted(verb.help) + "\n";
  for (const auto& option : verb.options) text += fish_option(verb.name, option);
  if (verb.operands.empty()) return text;
  const auto& operand = verb.operands.front();
  if (operand.choices.empty() && !names_services(operand.name)) return text;
  return text + "complete -c msctl -n " + fish_quoted("__fish_seen_subcommand_from " + verb.name) +
         fish_values(operand.name, operand.choices) + "\n";
}

constexpr const char* fish_head = R"sh(# fish completion for msctl; made by `msctl completion fish`.

function __msctl_words
    set -l words (commandline -opc)
    $words[1] __complete $argv[1] 2>/dev/null
end

complete -c msctl -f
complete -c msctl -n __fish_use_subcommand -a '(__msctl_words commands)' -d 'command of this cluster'
)sh";

}  // namespace

std::string bash_completion(const std::vector<VerbView>& verbs) {
  std::vector<std::string> names;
  std::string cases;
  for (const auto& verb : verbs) {
    names.push_back(verb.name);
    cases += bash_verb(verb);
  }
  const std::string first = "  if (( COMP_CWORD == 1 )); then\n    _msctl_words " +
                            shell_quoted(base::joined(names, " ") + " --help --version") +
                            "\" $(\"${COMP_WORDS[0]}\" __complete commands 2>/dev/null)\"\n    return\n  fi\n";
  return bash_head + first + "  case $verb in\n" + cases + "  esac\n}\n\ncomplete -F _msctl msctl\n";
}

std::string zsh_completion(const std::vector<VerbView>& verbs) {
  std::string list;
  std::string cases;
  for (const auto& verb : verbs) {
    list += "    '" + verb.name + ":" + zsh_escaped(verb.help) + "'\n";
    cases += zsh_verb(verb);
  }
  return zsh_head + ("  verbs=(\n" + list + "  )\n") +
         "  if (( CURRENT == 2 )); then\n"
         "    own=(${(f)\"$($msctl_program __complete commands 2>/dev/null)\"})\n"
         "    _describe -t commands command verbs\n"
         "    compadd -a own\n"
         "    return\n  fi\n"
         "  shift words\n  (( CURRENT-- ))\n"
         "  case $words[1] in\n" +
         cases +
         "  esac\n}\n\n"
         // Loaded by compinit the file is the function's body; sourced it only defines it.
         "if [[ $funcstack[1] == _msctl ]]; then _msctl \"$@\"; else compdef _msctl msctl; fi\n";
}

std::string fish_completion(const std::vector<VerbView>& verbs) {
  std::string text = fish_head;
  for (const auto& verb : verbs) text += fish_verb(verb);
  return text;
}

}  // namespace cli
