#include "cli/stub/stub.hpp"

#include <memory>

#include "cli/verbs/verb.hpp"

namespace cli {

void add_stub(Verbs& verbs) {
  struct Words {
    std::string provider;
    std::vector<std::string> folders;
  };
  auto words = std::make_shared<Words>();
  verbs.add_hidden("__stub", "Answers in place of a service, by its consumers' contracts")
      .operand("SERVICE", words->provider, "The provider")
      .option("--contracts", words->folders, "FOLDER", "A folder with Pact files; may be repeated")
      .run([words] {
        stub::Options options{words->provider, {words->folders.begin(), words->folders.end()}};
        const auto ran = stub::run(options);
        return ran ? ok : report(ran.error());
      });
}

}  // namespace cli
