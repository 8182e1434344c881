#include <memory>

#include "cli/terminal/say.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {

void add_version(Verbs& verbs) {
  auto format = std::make_shared<Format>(Format::table);
  verbs.add("version", "Print the version")
      .output(*format)
      .footer("Examples:\n  msctl version\n  msctl version --output json")
      .run([format] {
        const base::Json document{{"version", MSCTL_VERSION}};
        print(*format == Format::table ? "msctl " MSCTL_VERSION "\n" : format_document(document, *format));
        return ok;
      });
}

}  // namespace cli
