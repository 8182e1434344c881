// Pattern 11. The schemas of events pass `schema check`; a version that breaks one of them, written into a copy of the
// workspace, is refused with the field that breaks named.

#include <algorithm>
#include <fstream>

#include "cli/verify/events.hpp"
#include "cli/verify/flow.hpp"
#include "cli/verify/patterns/patterns.hpp"
#include "cli/verify/sample.hpp"
#include "cli/verify/services.hpp"
#include "cli/verify/workspace.hpp"

namespace verify::schemas {
namespace {

namespace fs = std::filesystem;
using base::Json;

constexpr int refused = 5;  // exit code of `schema check`, docs/exit-codes.md
constexpr Ms event_patience{3000};
constexpr Ms end_patience{8000};

base::Error wrong(const std::string& what) { return base::fail(base::ErrorCode::invalid, what); }

struct Answer {
  int code = 0;
  Json document;
};

base::Result<Answer> ask(World& world, const Copy& copy, const std::string& action) {
  TRY(const auto output, run_msctl(world, {"schema", action, "--output", "json"}, copy));
  if (output.exit_code != 0 && output.exit_code != refused) {
    return wrong("msctl schema " + action + ": " + output.err.substr(0, output.err.find('\n')));
  }
  TRY(auto document, base::parse_json(output.out));
  return Answer{output.exit_code, std::move(document)};
}

// "order.placed: ITEM_REMOVED at items[].sku, …" of the first finding.
std::string words_of(const Json& finding) {
  return text_of(finding, "event") + ": " + text_of(finding, "rule") + " at " + text_of(finding, "field") + " (" +
         text_of(finding, "message") + ")";
}

// The newest version of an event.
struct Newest {
  std::string event;
  std::string file;  // relative to the workspace
  int version = 0;
};

std::vector<Newest> newest(const Json& list) {
  std::vector<Newest> all;
  for (const auto& event : list) {
    const Json versions = event.value("versions", Json::array());
    if (versions.empty()) continue;
    all.push_back({text_of(event, "event"), text_of(versions.back(), "file"), versions.back().value("version", 0)});
  }
  return all;
}

// Gives the first property that is a text another type; its name, or nothing when there is none.
std::string break_schema(Json& schema) {
  const auto properties = schema.find("properties");
  if (properties == schema.end() || !properties->is_object()) return {};
  for (auto& [name, property] : properties->items()) {
    if (!property.is_object() || text_of(property, "type") != "string") continue;
    property = {{"type", "integer"}};
    return name;
  }
  return {};
}

// The name of a schema has its version at its end.
void rename(Json& schema, int from, int to) {
  std::string name = text_of(schema, "$id");
  const std::string end = ":" + std::to_string(from);
  if (!name.ends_with(end)) return;
  name.replace(name.size() - end.size(), end.size(), ":" + std::to_string(to));
  schema["$id"] = name;
}

base::Result<std::string> refused_when_broken(World& world, const Copy& copy, const Newest& event) {
  const fs::path file = copy.folder / event.file;
  std::ifstream in(file, std::ios::binary);
  TRY(Json schema, base::parse_json(std::string(std::istreambuf_iterator<char>(in), {})));
  const std::string field = break_schema(schema);
  if (field.empty()) return wrong("the schema of " + event.event + " has no property that is a text");
  rename(schema, event.version, event.version + 1);
  const std::string next = "v" + std::to_string(event.version + 1);
  std::string name = file.filename().string();
  const auto at = name.find(".v" + std::to_string(event.version) + ".");
  if (at == std::string::npos) return wrong(name + " does not say its version");
  name.replace(at, std::to_string(event.version).size() + 2, "." + next);
  std::ofstream(file.parent_path() / name, std::ios::binary) << base::dump_json_pretty(schema);
  TRY(const auto answer, ask(world, copy, "check"));
  const std::string what =
      event.event + " " + next + ", made in a copy with " + field + " as a number instead of a text,";
  if (answer.code != refused) return wrong(what + " was not refused");
  const Json findings = answer.document.value("findings", Json::array());
  for (const auto& finding : findings) {
    if (text_of(finding, "event") != event.event || text_of(finding, "field") != field) continue;
    return what + " was refused: " + text_of(finding, "rule") + " at " + field + ".";
  }
  return wrong(what + " was refused, but " + field + " is not named" +
               (findings.empty() ? "" : ": " + words_of(findings.front())));
}

// Once the order is confirmed, whatever any service told of it names a schema that there is. Empty where nothing more
// becomes of an order.
base::Result<std::string> events_of_the_flow(World& world, const Json& list, const std::string& order,
                                             base::Wall from) {
  if (why_no_flow(world.cluster())) return std::string();
  TRY(await_order(world, order, "confirmed", end_patience));
  std::size_t count = 0;
  std::vector<std::string> publishers;
  for (const auto& [service, described] : world.cluster().services) {
    if (described.publishes.empty()) continue;
    const auto events = events_since(world, service, from);
    if (!events) continue;  // it has no stream before its first event
    const auto told = about(events.value(), order);
    for (const auto& one : told) {
      const std::string name = text_of(one.event, "dataschema");
      if (base::dump_json(list).find("\"" + name + "\"") != std::string::npos) continue;
      return wrong("an event of order " + order + " from " + service + " names the schema " + name +
                   ", which there is not");
    }
    count += told.size();
    if (!told.empty()) publishers.push_back(service);
  }
  return " So do all " + std::to_string(count) + " that " + in_words(publishers) +
         " told of it: each a schema that there is.";
}

// The event of an order names a schema that there is. Empty when no order can be placed here.
base::Result<std::string> live_event(World& world, const Json& list) {
  const auto& cluster = world.cluster();
  if (why_no_orders(cluster) || cluster.broker.empty()) return std::string();
  TRY(const auto user, sign_up(world));
  const auto from = world.clock().wall() - std::chrono::seconds(1);
  TRY(const auto order, place_order(world, user));
  std::vector<Stored> found;
  TRY(const bool came, wait_until(
                           world, event_patience,
                           [&] {
                             const auto events = events_since(world, order_service(cluster).name, from);
                             if (events) found = about(events.value(), order.order_id);
                             return !found.empty();
                           },
                           Ms(20)));
  if (!came) return wrong("the event of order " + order.order_id + " did not come");
  const std::string name = text_of(found.front().event, "dataschema");
  if (base::dump_json(list).find("\"" + name + "\"") == std::string::npos) {
    return wrong("the event of order " + order.order_id + " names the schema " + name + ", which there is not");
  }
  TRY(const auto others, events_of_the_flow(world, list, order.order_id, from));
  return " The event of order " + order.order_id + " names " + name + "." + others;
}

}  // namespace

base::Result<Finding> look(World& world) {
  if (!world.has_verb("schema")) return absent("This msctl has no `schema check`.");
  TRY(const auto folder, world.scratch());
  TRY(const auto copy, copy_description(world, folder / "workspace"));
  TRY(const auto list, ask(world, copy, "list"));
  const auto all = newest(list.document);
  if (all.empty()) return absent("No event of this cluster has a schema.");
  // A service's folder may lie outside of the workspace, where nothing is a copy.
  const auto event = std::find_if(all.begin(), all.end(), [&](const Newest& one) { return is_of(copy, one.file); });
  TRY(const auto checked, ask(world, copy, "check"));
  if (checked.code != 0) {
    const Json findings = checked.document.value("findings", Json::array());
    return failed("schema check refuses what there is: " + (findings.empty() ? "" : words_of(findings.front())));
  }
  if (event == all.end()) {
    return skipped("Schema check passes, but all schemas lie outside of " + world.cluster().root.string() +
                   ", so none could be broken in a copy.");
  }
  TRY(const auto broken, refused_when_broken(world, copy, *event));
  TRY(const auto live, live_event(world, list.document));
  const auto events = checked.document.value("events", Json::array()).size();
  return passed("The schemas of " + std::to_string(events) + (events == 1 ? " event" : " events") +
                " pass schema check. " + broken + live);
}

}  // namespace verify::schemas
