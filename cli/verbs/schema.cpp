#include "cli/schema/diff.hpp"

#include <algorithm>
#include <memory>

#include "cli/schema/check.hpp"
#include "cli/schema/report.hpp"
#include "cli/session/place.hpp"
#include "cli/session/report_file.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/table.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

// Differs from an empty one, and is no revision.
constexpr auto not_given = "\n";

struct SchemaOptions {
  PlaceOptions place;
  std::string action;
  std::vector<std::string> names;
  std::string base = not_given;
  std::string junit;
  int from = 0;
  int to = 0;
  Format format = Format::table;
};

base::Result<spec::Cluster> cluster_of(const SchemaOptions& options) {
  TRY(const auto place, find_place(options.place));
  return place.load();
}

int list_schemas(const SchemaOptions& options, const spec::Cluster& cluster) {
  const auto catalogue = schema::catalogue_of(cluster, options.names);
  if (!catalogue) return report(catalogue.error());
  print(options.format == Format::table ? schema::list_text(catalogue.value())
                                        : format_document(schema::list_document(catalogue.value()), options.format));
  return ok;
}

int check_schemas(const SchemaOptions& options, const spec::Cluster& cluster) {
  // An empty one is a variable of a pipeline that nobody set: to compare with nothing would be to pass.
  if (options.base.empty()) {
    say_error("msctl: --base: compared with what? name a commit, branch or tag: msctl schema check --base main");
    return usage;
  }
  const auto outcome = schema::check(cluster, options.names, options.base == not_given ? "" : options.base);
  if (!outcome) return report(outcome.error());
  if (!options.junit.empty()) {
    const auto written = write_report(options.junit, schema::junit_of(outcome.value()));
    if (!written) return report(written.error());
  }
  print(options.format == Format::table ? schema::text_of(outcome.value(), Style::for_descriptor(1))
                                        : format_document(schema::document_of(outcome.value()), options.format));
  return outcome.value().findings.empty() ? ok : contract_broken;
}

// The versions that are meant: the given ones, else the newest two.
base::Result<std::pair<const schema::Version*, const schema::Version*>> pair_of(const schema::Event& event,
                                                                                const SchemaOptions& options) {
  const auto& versions = event.versions;
  const auto with = [&versions](int number) {
    const auto found =
        std::find_if(versions.begin(), versions.end(), [number](const auto& each) { return each.number == number; });
    return found == versions.end() ? nullptr : &*found;
  };
  const auto* to = options.to > 0 ? with(options.to) : &versions.back();
  const auto* from = options.from > 0      ? with(options.from)
                     : versions.size() > 1 ? &versions[versions.size() - 2]
                                           : nullptr;
  if (to != nullptr && from != nullptr) return std::pair(from, to);
  if (versions.size() == 1 && options.from <= 0 && options.to <= 0) {
    return base::fail(base::ErrorCode::not_found, event.type + " has only version " +
                                                      std::to_string(versions.front().number) +
                                                      ", so there is nothing to compare it with");
  }
  return base::fail(base::ErrorCode::not_found,
                    event.type + " has no such two versions; msctl schema list shows what there is");
}

base::Result<int> diff_schemas(const SchemaOptions& options, const spec::Cluster& cluster) {
  if (options.names.size() != 1)
    return base::fail(base::ErrorCode::invalid, "name one event: msctl schema diff order.placed --from 1 --to 2");
  TRY(const auto catalogue, schema::read_catalogue(cluster));
  const auto found = std::find_if(catalogue.events.begin(), catalogue.events.end(),
                                  [&](const auto& event) { return event.type == options.names[0]; });
  if (found == catalogue.events.end()) {
    return base::fail(base::ErrorCode::not_found, "there is no event \"" + options.names[0] +
                                                      "\" with a schema; msctl schema list shows what there is");
  }
  TRY(const auto pair, pair_of(*found, options));
  base::Json list = base::Json::array();
  std::vector<Row> rows;
  for (const bool backward : {true, false}) {
    const auto& [from, to] = pair;
    TRY(const auto differences, backward ? schema::differences(from->schema, to->schema, found->policy)
                                         : schema::differences(to->schema, from->schema, found->policy));
    const std::string reader = "v" + std::to_string(backward ? to->number : from->number);
    for (const auto& each : differences) {
      const bool good = schema::is_compatible(each.rule, found->policy);
      list.push_back({{"reader", reader},
                      {"rule", each.rule},
                      {"pointer", each.pointer},
                      {"field", schema::field_of(each.pointer)},
                      {"compatible", good}});
      rows.push_back({reader, printable(schema::field_of(each.pointer)), each.rule, good ? "compatible" : "breaks"});
    }
  }
  if (options.format != Format::table) {
    print(format_document(list, options.format));
  } else if (rows.empty()) {
    say("no difference");
  } else {
    print(format_table({"READER", "FIELD", "CHANGE", "VERDICT"}, rows));
  }
  return int{ok};
}

int run_schema(const SchemaOptions& options) {
  const auto cluster = cluster_of(options);
  if (!cluster) return report(cluster.error());
  if (options.action == "list") return list_schemas(options, cluster.value());
  if (options.action == "check") return check_schemas(options, cluster.value());
  const auto code = diff_schemas(options, cluster.value());
  return code ? code.value() : report(code.error());
}

}  // namespace

void add_schema(Verbs& verbs) {
  auto options = std::make_shared<SchemaOptions>();
  verbs.add("schema", "Check that events stay readable: versions against each other and against git")
      .operand("ACTION", options->action, {"check", "list", "diff"},
               "check, list what there is, or diff two versions of an event")
      .operands("NAME", options->names, "Only these events or services")
      .option("--base", options->base, "REV", "Also compare published versions with where this and HEAD parted")
      .option("--from", options->from, "N", "diff: the earlier version", 0)
      .option("--to", options->to, "N", "diff: the later version", 0)
      .option("--junit", options->junit, "FILE", "Also write JUnit XML")
      .option("-f,--file", options->place.files, "FILE", "Cluster file; later ones are laid over earlier ones")
      .option("--profile", options->place.profiles, "NAME", "Include the services of this profile")
      .output(options->format)
      .footer(
          "Examples:\n  msctl schema list\n  msctl schema check --base main\n  msctl schema diff order.placed --from 1 "
          "--to 2\n\n"
          "Exit code 5 when a consumer would break. compatibility.yaml has the mode; see docs/schema.md.")
      .run([options] { return run_schema(*options); });
}

}  // namespace cli
