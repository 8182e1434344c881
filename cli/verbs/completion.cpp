#include <memory>

#include "cli/session/place.hpp"
#include "cli/terminal/say.hpp"
#include "cli/verbs/completion_text.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

int completion(const std::vector<VerbView>& verbs, const std::string& shell) {
  if (shell == "bash") return print(bash_completion(verbs)), ok;
  if (shell == "zsh") return print(zsh_completion(verbs)), ok;
  return print(fish_completion(verbs)), ok;
}

// Asked at each press of the key: quick, and silent whatever is wrong.
int complete(const std::string& what) {
  const auto place = find_place();
  if (!place) return ok;
  const auto cluster = place.value().load();
  if (!cluster) return ok;
  std::string text;
  if (what == "services") {
    for (const auto& [name, service] : cluster.value().services) text += name + "\n";
  }
  if (what == "commands") {
    for (const auto& [name, command] : cluster.value().commands) text += name + "\n";
  }
  print(text);
  return ok;
}

}  // namespace

void add_completion(Verbs& verbs) {
  auto shell = std::make_shared<std::string>();
  verbs.add("completion", "Print the completion script for a shell")
      .operand("SHELL", *shell, {"bash", "zsh", "fish"}, "The shell it is for")
      .footer(
          "Examples:\n  source <(msctl completion bash)\n"
          "  msctl completion zsh > ~/.zfunc/_msctl        # with ~/.zfunc in fpath\n"
          "  msctl completion fish > ~/.config/fish/completions/msctl.fish\n"
          "make install puts all three where the shells look for them.")
      .run([shell, &verbs] { return completion(verbs.described(), *shell); });
}

void add_complete(Verbs& verbs) {
  auto what = std::make_shared<std::string>();
  verbs.add_hidden("__complete", "Words for the completion scripts")
      .operand("WHAT", *what, "services or commands")
      .run([what] { return complete(*what); });
}

}  // namespace cli
