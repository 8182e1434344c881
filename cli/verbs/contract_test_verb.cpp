#include <unistd.h>

#include <memory>

#include "cli/contract/run.hpp"
#include "cli/session/interrupt.hpp"
#include "cli/session/report_file.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"
#include "cli/verbs/contract_view.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

struct Options {
  contract::TestOptions test;
  std::vector<std::string> headers;
  std::vector<std::string> publish;
  std::string token_file;
  std::string junit;
  std::string html;
  Format format = Format::table;
};

base::Result<void> read_headers(const std::vector<std::string>& texts, base::http::Headers& headers) {
  for (const auto& text : texts) {
    const auto colon = text.find(':');
    if (colon == std::string::npos || colon == 0) {
      return base::fail(base::ErrorCode::invalid, "--header: expected \"NAME: VALUE\", got \"" + text + "\"");
    }
    const auto value = text.find_first_not_of(' ', colon + 1);
    headers.add(text.substr(0, colon), value == std::string::npos ? "" : text.substr(value));
  }
  return base::success();
}

int nothing_found(const contract::TestRun& run) {
  std::string places;
  for (const auto& place : run.searched()) places += "\n  " + printable(place);
  if (run.found() > 0) {
    say_error("msctl: no contract is selected, of " + std::to_string(run.found()) +
              " interactions that there are; see them with: msctl contract-test --output json\nlooked in:" + places);
  } else {
    say_error("msctl: no contract was found; looked in:" + (places.empty() ? " no place at all" : places) +
              "\nA consumer's tests write them: docs/contracts.md");
  }
  return contract_broken;
}

int conclude(const Options& options, const contract::TestRun& run) {
  const auto results = run.results();
  const auto totals = contract::totals_of(results);
  if (options.format == Format::table) {
    print(contract_table(results, Style::for_descriptor(STDOUT_FILENO)));
  } else {
    print(format_document(contract::to_json(results), options.format));
  }
  for (const auto& notice : run.notices()) say_error(printable(notice));
  for (const auto& [file, text] : {std::pair(options.junit, contract::to_junit(results)),
                                   std::pair(options.html, contract::to_html(results, run.notices()))}) {
    if (file.empty()) continue;
    if (const auto written = write_report(file, text); !written) return report(written.error());
  }
  if (totals.failed == 0) return ok;
  return totals.failed == totals.unreachable ? failed : contract_broken;
}

int contract_test(Options& options) {
  if (const auto read = read_headers(options.headers, options.test.headers); !read) return report(read.error());
  for (const auto& what : options.publish) {
    if (what != "contracts" && what != "results") {
      return report(
          base::fail(base::ErrorCode::invalid, "--publish: expected contracts or results, got \"" + what + "\""));
    }
    (what == "contracts" ? options.test.publish_contracts : options.test.publish_results) = true;
  }
  for (const auto& path : {options.junit, options.html}) {
    if (const auto writable = check_report(path); !writable) return report(writable.error());
  }
  const auto auth = broker_auth(options.test.broker, options.token_file);
  if (!auth) return report(auth.error());

  PlaceOptions asked;
  asked.no_mocks = true;  // a stub made of contracts proves nothing of them
  const auto place = find_place(asked);
  std::optional<spec::Cluster> cluster;
  if (place) {
    auto loaded = place.value().load();
    if (!loaded) return report(loaded.error());
    cluster.emplace(std::move(loaded).value());
  }
  contract::RealWeb web(auth.value());
  contract::GrpcProgram rpc;
  Cancel cancel;
  const Interrupt interrupt([&cancel] { cancel.request(); });
  const bool quiet = options.format != Format::table;
  const contract::World world{place ? &place.value() : nullptr,
                              cluster ? &*cluster : nullptr,
                              web,
                              rpc,
                              cancel,
                              [quiet](const std::string& line) {
                                if (!quiet) say_error(printable(line));
                              }};
  contract::TestRun run(options.test, world);
  const auto ran = run.run();
  if (interrupt.came()) return interrupted;
  if (!ran) return report(ran.error());
  const bool only_published = options.test.publish_contracts && !options.test.publish_results;
  if (run.results().empty() && !(only_published && !run.notices().empty())) return nothing_found(run);
  return conclude(options, run);
}

}  // namespace

void add_contract_test(Verbs& verbs) {
  auto options = std::make_shared<Options>();
  auto& test = options->test;
  verbs.add("contract-test", "Verify the contracts that consumers have with the providers of this cluster")
      .option("--provider", test.selection.provider, "NAME", "Only contracts with this provider")
      .option("--consumer", test.selection.consumer, "NAME", "Only contracts of this consumer")
      .option("--service", test.selection.service, "NAME", "Only contracts of this service, whichever side it is on")
      .option("--interaction", test.selection.interaction, "TEXT", "Only interactions with this in their description")
      .option("--file", test.files, "FILE",
              "These Pact files, folders of them or URLs, not those of the services; may be repeated")
      .flag("--fresh", test.providers.fresh, "Start providers anew with empty data, also when the cluster runs")
      .flag("--build", test.providers.build, "Build the providers that are started")
      .option("--url", test.url, "URL", "Where the provider is, when it is no service of this cluster")
      .option("--grpc", test.grpc, "HOST:PORT", "Likewise for gRPC")
      .option("--states-url", test.states_url, "URL", "Where that provider is told its states by POST")
      .option("--messages-url", test.messages_url, "URL", "Where that provider is asked for messages by POST")
      .option("--header", options->headers, "'NAME: VALUE'",
              "Sent with each request that has no header of that name; may be repeated")
      .flag("--record", test.record, "Note the results in contracts/ledger, for can-i-deploy")
      .option("--version", test.version, "V", "Version that is tested (default: git describe)")
      .option("--provider-version", test.provider_version, "V", "Version of the provider, where it is another one")
      .option("--broker", test.broker, "URL", "Take the contracts from this Pact Broker")
      .option("--broker-token-file", options->token_file, "FILE", "Its token (default: $PACT_BROKER_TOKEN)")
      .option("--selector", test.selectors, "WHICH",
              "Which consumer versions, such as deployed, main-branch, branch=NAME or JSON; may be repeated")
      .option("--wip-since", test.wip_since, "DATE", "Also work in progress since then")
      .option("--publish", options->publish, "contracts|results",
              "Send the cluster's contracts to the broker, or what came of verifying its own; may be repeated")
      .option("--branch", test.branch, "NAME", "Branch to publish for (default: git's)")
      .option("--build-url", test.build_url, "URL", "Page of the build to publish with")
      .option("--junit", options->junit, "FILE", "Also write the results as JUnit XML")
      .option("--html", options->html, "FILE", "Also write them as one page of HTML")
      .output(options->format)
      .footer(
          "Examples:\n  msctl contract-test\n  msctl contract-test --provider user-service --html report.html\n"
          "  msctl contract-test --file other-team.json --url http://127.0.0.1:9000\n"
          "  msctl contract-test --record\n"
          "  msctl contract-test --broker https://broker.example.com --selector deployed --publish results\n"
          "Exit codes: 0 every contract is kept (pending ones may be broken), 1 a provider could not be asked, 2 "
          "usage,\n"
          "5 a contract is broken, cannot be verified, or there is none, 130 interrupted.")
      .run([options] { return contract_test(*options); });
}

}  // namespace cli
