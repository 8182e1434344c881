#include "cli/terminal/say.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {

void add_version(Verbs& verbs) {
  verbs.add("version", "Print the version").footer("Example:\n  msctl version").run([] {
    say("msctl " MSCTL_VERSION);
    return ok;
  });
}

}  // namespace cli
