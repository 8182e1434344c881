#include <memory>

#include "cli/api/check.hpp"
#include "cli/api/report.hpp"
#include "cli/api/rules.hpp"
#include "cli/session/place.hpp"
#include "cli/session/report_file.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"
#include "cli/terminal/table.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

struct ApiOptions {
  PlaceOptions place;
  std::string action;
  std::string base;
  std::string junit;
  std::vector<std::string> services;
  Format format = Format::table;
};

int list_rules(const ApiOptions& options) {
  base::Json list = base::Json::array();
  std::vector<Row> rows;
  for (const auto& rule : api::rules()) {
    list.push_back({{"rule", rule.name}, {"categories", rule.categories}, {"purpose", rule.purpose}});
    rows.push_back({rule.name, rule.categories, rule.purpose});
  }
  print(options.format == Format::table ? format_table({"RULE", "CATEGORIES", "PURPOSE"}, rows)
                                        : format_document(list, options.format));
  return ok;
}

base::Result<api::Outcome> check_api(const ApiOptions& options) {
  TRY(const auto place, find_place(options.place));
  TRY(const auto cluster, place.load());
  TRY(check_names(cluster, options.services));
  return api::check(cluster, options.base, options.services);
}

int run_check(const ApiOptions& options) {
  if (options.base.empty()) {
    say_error("msctl: compared with what? name a commit, branch or tag: msctl api check --base main");
    return usage;
  }
  const auto outcome = check_api(options);
  if (!outcome) return report(outcome.error());
  if (!options.junit.empty()) {
    const auto written = write_report(options.junit, api::junit_of(outcome.value()));
    if (!written) return report(written.error());
  }
  if (options.format != Format::table) {
    print(format_document(api::document_of(outcome.value(), options.base), options.format));
  } else {
    print(api::text_of(outcome.value(), options.base, Style::for_descriptor(1)));
  }
  return api::count(outcome.value()) == 0 ? ok : contract_broken;
}

int run_api(const ApiOptions& options) { return options.action == "rules" ? list_rules(options) : run_check(options); }

}  // namespace

void add_api(Verbs& verbs) {
  auto options = std::make_shared<ApiOptions>();
  verbs.add("api", "Check that gRPC and REST interfaces stay compatible with those in git")
      .operand("ACTION", options->action, {"check", "rules"}, "check: compare; rules: list the rules")
      .operands("SERVICE", options->services, "Only these services")
      .option("--base", options->base, "REV", "Compare with where this and HEAD parted: a branch, tag or commit")
      .option("--junit", options->junit, "FILE", "Also write JUnit XML")
      .option("-f,--file", options->place.files, "FILE", "Cluster file; later ones are laid over earlier ones")
      .option("--profile", options->place.profiles, "NAME", "Include the services of this profile")
      .output(options->format)
      .footer(
          "Examples:\n  msctl api check --base main\n  msctl api check user-service --base v1.2 --output json\n"
          "  msctl api rules\n\n"
          "Exit code 5 when something breaks. compatibility.yaml chooses the rules; see docs/api-check.md.")
      .run([options] { return run_api(*options); });
}

}  // namespace cli
