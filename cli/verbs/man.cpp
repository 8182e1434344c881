#include "cli/terminal/say.hpp"
#include "cli/verbs/man_text.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {

void add_man(Verbs& verbs) {
  verbs.add("man", "Print the manual page, in troff").footer("Example:\n  msctl man | man -l -").run([&verbs] {
    return print(man_page(verbs.described(), MSCTL_VERSION)), ok;
  });
}

}  // namespace cli
