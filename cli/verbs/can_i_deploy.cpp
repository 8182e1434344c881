#include <unistd.h>

#include <memory>

#include "base/clock.hpp"
#include "cli/contract/broker.hpp"
#include "cli/contract/version.hpp"
#include "cli/session/place.hpp"
#include "cli/terminal/say.hpp"
#include "cli/verbs/contract_view.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

struct DeployQuestion {
  std::string service;
  std::string version;
  std::string environment;
  std::string broker;
  std::string token_file;
  bool record = false;
  Format format = Format::table;
};

base::Result<std::string> version_of(const DeployQuestion& question, const base::Result<Place>& place) {
  if (!question.version.empty()) {
    TRY(contract::check_version(question.version));
    return question.version;
  }
  std::error_code failed;
  TRY(auto tree, contract::work_tree(place ? place.value().root : std::filesystem::current_path(failed)));
  return tree.version;
}

// With a broker, services may be of other repositories.
base::Result<void> check_service(const DeployQuestion& question, const base::Result<Place>& place) {
  if (!question.broker.empty()) return base::success();
  TRY(const auto known, place);
  TRY(const auto cluster, known.load());
  return check_names(cluster, {question.service});
}

base::Result<void> record(const DeployQuestion& question, const std::string& version, const base::Result<Place>& place,
                          contract::Web& web) {
  if (!question.broker.empty()) {
    return contract::Broker(web, question.broker).record_deployment(question.service, version, question.environment);
  }
  const contract::Ledger ledger(place.value().root);
  contract::Deployment deployment{question.environment, question.service, version,
                                  base::to_rfc3339(base::SystemClock().wall())};
  return ledger.record(deployment);
}

base::Result<contract::Verdict> ask(const DeployQuestion& question, const std::string& version,
                                    const base::Result<Place>& place, contract::Web& web) {
  if (!question.broker.empty()) {
    return contract::Broker(web, question.broker).can_i_deploy(question.service, version, question.environment);
  }
  return contract::can_i_deploy(contract::Ledger(place.value().root), question.service, version, question.environment);
}

int can_i_deploy(const DeployQuestion& question) {
  if (question.environment.empty()) {
    say_error("msctl: can it be deployed where to? name an environment: --to production");
    return usage;
  }
  const auto auth = broker_auth(question.broker, question.token_file);
  if (!auth) return report(auth.error());
  const auto place = find_place();
  if (const auto known = check_service(question, place); !known) return report(known.error());
  const auto version = version_of(question, place);
  if (!version) return report(version.error());
  contract::RealWeb web(auth.value());
  if (question.record) {
    if (const auto done = record(question, version.value(), place, web); !done) return report(done.error());
    say(question.service + " " + version.value() + " is in " + question.environment + " now");
    return ok;
  }
  const auto verdict = ask(question, version.value(), place, web);
  if (!verdict) return report(verdict.error());
  print(question.format == Format::table ? verdict_table(verdict.value(), Style::for_descriptor(STDOUT_FILENO))
                                         : format_document(contract::to_json(verdict.value()), question.format));
  return verdict.value().deployable ? ok : contract_broken;
}

}  // namespace

void add_can_i_deploy(Verbs& verbs) {
  auto question = std::make_shared<DeployQuestion>();
  verbs.add("can-i-deploy", "Tell whether a service keeps its contracts with all that is deployed somewhere")
      .operand("SERVICE", question->service, "The service to deploy")
      .option("--to", question->environment, "ENV", "The environment to deploy to")
      .option("--version", question->version, "V", "Version of the service (default: git describe)")
      .flag("--record-deployment", question->record, "Note that this version is deployed there now; asks nothing")
      .option("--broker", question->broker, "URL", "Ask this Pact Broker, not the ledger in contracts/ledger")
      .option("--broker-token-file", question->token_file, "FILE", "Its token (default: $PACT_BROKER_TOKEN)")
      .output(question->format)
      .footer(
          "Examples:\n  msctl can-i-deploy user-service --to production\n"
          "  msctl can-i-deploy user-service --version 1.4.0 --to staging --output json\n"
          "  msctl can-i-deploy user-service --version 1.4.0 --to staging --record-deployment\n"
          "Exit codes: 0 yes, 2 usage, 5 no: a contract is broken, unverified, or its provider never deployed.")
      .run([question] { return can_i_deploy(*question); });
}

}  // namespace cli
