#include <memory>
#include <optional>

#include "cli/files/lock.hpp"
#include "cli/scaffold/sources.hpp"
#include "cli/session/place.hpp"
#include "cli/verbs/scaffold_view.hpp"

namespace cli {
namespace {

namespace fs = std::filesystem;

struct NewServiceOptions {
  std::string name;
  std::string template_name = "cpp-service";
  std::string db;
  std::string resource;
  std::string port;
  std::vector<std::string> publishes;
  std::vector<std::string> consumes;
  std::vector<std::string> calls;
  std::vector<std::string> settings;
  WriteOptions write;
};

// Flags are parameters with a name of their own; one that the template does not have is refused with those it has.
base::Result<scaffold::Values> values_of(const NewServiceOptions& options) {
  scaffold::Values values;
  const auto single = [&](const char* name, const std::string& value) {
    if (!value.empty()) values[name] = {value};
  };
  const auto list = [&](const char* name, const std::vector<std::string>& value) {
    if (!value.empty()) values[name] = value;
  };
  single("db", options.db);
  single("resource", options.resource);
  single("port", options.port);
  list("publishes", options.publishes);
  list("consumes", options.consumes);
  list("calls", options.calls);
  TRY(add_settings(values, options.settings));
  return values;
}

// Ports and the line in msctl.yaml follow from what is there, so nobody else changes that until all is written.
base::Result<scaffold::Draft> draft(const NewServiceOptions& options, std::optional<files::Lock>& lock) {
  TRY(const auto place, find_place({.no_project = true}));
  if (!options.write.dry_run) {
    TRY(lock, files::Lock::take(place.root));
  }
  TRY(const auto cluster, place.load());
  TRY(const auto made, scaffold::find_template(options.template_name, cluster.root, fs::current_path()));
  scaffold::ServiceRequest request{options.name, {}, all_verb_names()};
  TRY(request.given, values_of(options));
  for (const auto& [command, ignored] : cluster.commands) request.taken.push_back(command);
  ask_for_missing(made, request.given, options.write);
  return scaffold::draft_service(cluster, made, request);
}

int new_service(const NewServiceOptions& options) {
  std::optional<files::Lock> lock;
  const auto made = draft(options, lock);
  if (!made) return report(made.error());
  return carry_out(made.value(), options.write, "service " + options.name);
}

}  // namespace

void add_new_service(Verbs& verbs) {
  auto options = std::make_shared<NewServiceOptions>();
  verbs.add("new-service", "Make a service of a template: code, tests, API, build and route")
      .operand("NAME", options->name, "Name of the service, a DNS label such as billing or billing-service")
      .option("--template", options->template_name, "TEMPLATE",
              "cpp-service (default), cpp-worker, python-http, or one of your own")
      .option("--db", options->db, "sqlite|postgres|none", "Its database. Default: sqlite")
      .option("--resource", options->resource, "NOUN", "What it keeps, such as invoice. Default: after its name")
      .option("--publishes", options->publishes, "EVENT",
              "An event it tells of, such as invoice.created; may be repeated")
      .option("--consumes", options->consumes, "EVENT",
              "An event it hears of, by its publisher's schema; may be repeated")
      .option("--calls", options->calls, "SERVICE", "A service it calls over gRPC; may be repeated")
      .option("--port", options->port, "N", "Its REST port. Default: a free one from 8101 on")
      .option("--set", options->settings, "KEY=VALUE", "A parameter of the template; may be repeated")
      .flag("--dry-run", options->write.dry_run, "Only show what would be written")
      .flag("-y,--yes", options->write.yes, "Ask nothing")
      .output(options->write.format)
      .footer(
          "Nothing is overwritten, and all is written or nothing. The templates: docs/scaffolding.md\n"
          "Examples:\n  msctl new-service billing --resource invoice --publishes invoice.created\n"
          "  msctl new-service mailer --template cpp-worker --consumes invoice.created --dry-run")
      .run([options] { return new_service(*options); });
}

}  // namespace cli
