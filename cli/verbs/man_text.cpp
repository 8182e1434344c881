#include "cli/verbs/man_text.hpp"

#include "cli/verbs/help.hpp"

namespace cli {
namespace {

// As text: no dash becomes a hyphen, no line a request. See groff_char(7).
std::string troff(const std::string& text) {
  std::string out;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    line_begins = c == '\n';
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '~':
        out += "\\(ti";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '`':
        out += "\\(ga";
        break;
      case '\'':
        out += "\\(aq";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string bold(const std::string& text) { return "\\fB" + troff(text) + "\\fR"; }

std::string option_item(const OptionView& option) {
  std::string text = ".TP\n";
  if (!option.short_name.empty()) text += bold(option.short_name) + (option.long_name.empty() ? "" : ", ");
  if (!option.long_name.empty()) text += bold(option.long_name);
  if (!option.meta.empty()) text += " \\fI" + troff(option.meta) + "\\fR";
  text += "\n" + troff(option.help);
  if (!option.fallback.empty()) text += troff(" (default: " + option.fallback + ")");
  return text + "\n";
}

std::string verb_section(const VerbView& verb) {
  std::string text = ".SS \"msctl " + troff(synopsis(verb)) + "\"\n" + troff(verb.help) + ".\n";
  for (const auto& operand : verb.operands) {
    text += ".TP\n\\fI" + troff(operand.name) + "\\fR\n" + troff(operand.help) + "\n";
  }
  for (const auto& option : verb.options) {
    if (option.long_name != "--help") text += option_item(option);
  }
  if (!verb.footer.empty()) text += ".PP\n.nf\n" + troff(verb.footer) + "\n.fi\n";
  return text;
}

constexpr const char* before_commands = R"(.SH NAME
msctl \- runs the services of a cluster on one machine
.SH SYNOPSIS
.B msctl
\fICOMMAND\fR [\fIOPTION\fR...] [\fIOPERAND\fR...]
.SH DESCRIPTION
A folder with a file
.I msctl.yaml
is a cluster.
.B msctl up
in that folder or below it starts its services, each as soon as what it needs is there, and keeps them running.
A supervisor process of the cluster does that; the other commands ask it.
)";

constexpr const char* after_commands = R"(.SH EXIT STATUS
.TP
.B 0
Done.
.TP
.B 1
Failed.
.TP
.B 2
Wrong usage, or a cluster file that cannot be read.
.TP
.B 3
Timed out.
.TP
.B 4
Unhealthy.
.TP
.B 130
Interrupted.
.PP
Commands that run another program end with its exit status.
.SH ENVIRONMENT
.TP
.B MSCTL_FILE
The cluster file, in place of the msctl.yaml in this folder or the nearest one above.
.TP
.B NO_COLOR
When it is not empty, nothing is coloured.
.SH FILES
.TP
.I msctl.yaml
The cluster.
.TP
.I .msctl/
State, logs and data of the cluster, beside its file.
)";

}  // namespace

std::string man_page(const std::vector<VerbView>& verbs, const std::string& version) {
  std::string text = ".TH MSCTL 1 \"\" \"msctl " + troff(version) + "\" \"User Commands\"\n";
  text += before_commands;
  std::string group;
  for (const auto& verb : verbs) {
    if (verb.group != group) text += ".SH \"" + troff(verb.group) + "\"\n";
    group = verb.group;
    text += verb_section(verb);
  }
  return text + after_commands;
}

}  // namespace cli
