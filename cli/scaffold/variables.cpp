#include "cli/scaffold/variables.hpp"

#include <algorithm>
#include <charconv>

#include "base/pattern/pattern.hpp"
#include "cli/scaffold/naming.hpp"

namespace scaffold {
namespace {

using base::ErrorCode;
using base::Json;

constexpr std::uint16_t first_http = 8101;
constexpr std::uint16_t http_to_grpc = 1000;
constexpr std::size_t longest_list = 20;

const std::set<std::string>& of_services() {
  static const std::set<std::string> names{
      "name", "stem", "ident", "namespace", "Service", "http_port", "grpc_port", "edge", "msctl", "chassis",
      // of db
      "database", "sqlite", "postgres",
      // of publishes, consumes, calls and their items
      "has_publishes", "has_consumes", "has_calls", "has_broker", "opens", "heard_migration", "outbox_more_migration",
      "ledger_migration", "event", "event_snake", "Event", "service", "folder", "Called", "ping", "pings", "has_pings",
      "is_last", "item", "consumed_schemas", "schema_text", "schema_version", "event_example",
      // of resource
      "Resource", "resources", "Resources", "resource_words", "resources_words", "resource_path", "a_resource"};
  return names;
}

const std::set<std::string>& of_workspaces() {
  static const std::set<std::string> names{"name", "version"};
  return names;
}

base::Error refused(const std::string& text) { return base::fail(ErrorCode::invalid, text); }

std::string flag_of(const std::string& parameter) {
  static const std::set<std::string> flags{"db", "publishes", "consumes", "calls", "resource", "port"};
  return flags.contains(parameter) ? "--" + parameter + " …" : "--set " + parameter + "=…";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
  }
  return text;
}

std::string text_of(const Values& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() || found->second.empty() ? std::string() : found->second.front();
}

std::vector<std::string> list_of(const Values& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? std::vector<std::string>{} : found->second;
}

base::Result<std::uint16_t> as_port(const std::string& name, const std::string& text) {
  std::uint16_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = end.ec == std::errc() && end.ptr == text.data() + text.size();
  if (whole && number >= 1024) return number;
  return refused(name + " must be a port from 1024 to 65535");
}

// Both of a pair are free: REST at p, gRPC at p + 1000.
std::uint16_t free_http(const std::set<std::uint16_t>& used) {
  std::uint16_t port = first_http;
  while (used.contains(port) || used.contains(static_cast<std::uint16_t>(port + http_to_grpc))) ++port;
  return port;
}

std::uint16_t free_grpc(const std::set<std::uint16_t>& used, std::uint16_t http) {
  std::uint32_t port = std::uint32_t{http} + http_to_grpc;
  if (port > 65535) port = first_http + http_to_grpc;
  while (used.contains(static_cast<std::uint16_t>(port)) || port == http) ++port;
  return static_cast<std::uint16_t>(port);
}

base::Result<void> check_port(Values& values, const std::string& name, std::uint16_t fallback,
                              const std::set<std::uint16_t>& used) {
  if (list_of(values, name).empty()) values[name] = {std::to_string(fallback)};
  TRY(const auto port, as_port(name, text_of(values, name)));
  values[name] = {std::to_string(port)};  // 08101 would be another number to some that read YAML
  if (!used.contains(port)) return base::success();
  return refused(name + " " + std::to_string(port) +
                 " is another service's port already; leave it out and a free one is taken");
}

base::Result<void> choose_ports(const Template& made, Values& values, const Facts& facts,
                                const std::set<std::uint16_t>& own) {
  std::set<std::uint16_t> used = facts.ports;
  for (const auto port : own) used.erase(port);
  if (made.parameter("port") == nullptr) return base::success();
  TRY(check_port(values, "port", free_http(used), used));
  if (made.parameter("grpc_port") == nullptr) return base::success();
  TRY(const auto http, as_port("port", text_of(values, "port")));
  used.insert(http);
  return check_port(values, "grpc_port", free_grpc(used, http), used);
}

Json event_item(const std::string& type) {
  const EventName name = event_name(type).value();  // checked by complete()
  return {{"event", type}, {"event_snake", name.snake}, {"Event", name.camel}};
}

std::vector<EventSchema> schemas_of(const std::string& type, const Facts& facts, const std::string& consumer) {
  const auto found = facts.schemas.find(type);
  return found == facts.schemas.end() ? std::vector{unknown_event_schema(type, consumer)} : found->second;
}

// Each version of each event, and in the items of `consumes` the newest one of them with an example.
Json schema_items(Json& consumes, const Facts& facts, const std::string& consumer) {
  Json items = Json::array();
  for (auto& event : consumes) {
    for (const auto& schema : schemas_of(event["event"], facts, consumer)) {
      event["schema_version"] = std::to_string(schema.version);
      event["event_example"] = example_of(base::parse_json(schema.text).value());  // it was read already
      Json item{{"event", schema.type}, {"schema_version", event["schema_version"]}, {"schema_text", schema.text}};
      // The template's own last line end comes behind it.
      if (auto& text = item["schema_text"].get_ref<std::string&>(); text.ends_with('\n')) text.pop_back();
      items.push_back(std::move(item));
    }
  }
  return items;
}

void mark_last(Json& list) {
  for (std::size_t i = 0; i < list.size(); ++i) list[i]["is_last"] = i + 1 == list.size();
}

// Those of the calls that can be asked whether they are well.
Json pinged(const Json& calls) {
  Json items = Json::array();
  for (const auto& item : calls) {
    if (item["ping"].get<bool>()) items.push_back(item);
  }
  mark_last(items);
  return items;
}

base::Result<Json> call_items(std::vector<std::string> services, const Facts& facts) {
  std::sort(services.begin(), services.end());  // as includes are
  Json items = Json::array();
  for (const auto& service : services) {
    const bool exists = std::find(facts.services.begin(), facts.services.end(), service) != facts.services.end();
    const auto client = facts.clients.find(service);
    if (!exists) return refused("--calls " + service + ": there is no such service in msctl.yaml");
    if (client == facts.clients.end()) {
      return refused("--calls " + service + ": it publishes no C++ client (proto/client.hpp in its folder with " +
                     "connect() in a namespace client), so there is nothing to generate; add the call to " +
                     "service.yaml by hand");
    }
    std::string ident = client->second.cpp_namespace;
    if (ident.ends_with("_service")) ident.resize(ident.size() - std::string_view("_service").size());
    items.push_back({{"service", service},
                     {"folder", client->second.folder},
                     {"namespace", client->second.cpp_namespace},
                     {"ident", ident},
                     {"Called", camel(ident)},
                     {"ping", client->second.has_ping}});
  }
  mark_last(items);
  return items;
}

void add_resource(Json& data, const std::string& noun) {
  const ResourceName name = resource_name(noun).value();  // checked by complete()
  data["resource"] = name.snake;
  data["Resource"] = name.camel;
  data["resources"] = name.snake_plural;
  data["Resources"] = name.camel_plural;
  data["resource_words"] = name.words;
  data["resources_words"] = name.words_plural;
  data["resource_path"] = name.path;
  data["a_resource"] = name.article + " " + name.words;
}

// An event's message lies beside those of the API.
base::Result<void> check_messages(const Json& data) {
  const std::string one = data.at("Resource");
  const std::string many = data.at("Resources");
  const std::set<std::string> used{one, "Create" + one + "Request", "Get" + one + "Request", "List" + many + "Request",
                                   "List" + many + "Response"};
  for (const auto& item : data.value("publishes", Json::array())) {
    if (!used.contains(item.at("Event"))) continue;
    return refused("--publishes " + item.at("event").get<std::string>() + ": its message would be called " +
                   item.at("Event").get<std::string>() + ", as one of the API is");
  }
  return base::success();
}

// a.b_c and a_b.c would both be ABC in the code.
base::Result<void> check_events(const Json& data) {
  std::map<std::string, std::string> by_name;
  for (const char* list : {"publishes", "consumes"}) {
    for (const auto& item : data.value(list, Json::array())) {
      const std::string event = item.at("event");
      const auto& first = by_name.emplace(item.at("Event"), event).first->second;
      if (first == event) continue;
      return refused(std::string("--") + list + " " + event + ": generated code would call it as it calls " + first +
                     "; choose words that differ by more than their dots");
    }
  }
  return base::success();
}

}  // namespace

std::set<std::string> derived_variables(const Template& made) {
  return made.kind == Kind::service ? of_services() : of_workspaces();
}

bool is_derived_variable(Kind kind, const std::string& name) {
  const auto& names = kind == Kind::service ? of_services() : of_workspaces();
  return names.contains(name) && name != "grpc_port";
}

base::Result<void> check_value(const Parameter& parameter, const std::string& value) {
  TRY(check_text(parameter.name, value));
  const auto& choices = parameter.choices;
  if (!choices.empty() && std::find(choices.begin(), choices.end(), value) == choices.end()) {
    return refused(parameter.name + " must be " + joined(choices) + ", not " + value);
  }
  if (!parameter.pattern.empty()) {
    TRY(const auto pattern, base::Pattern::make("^(?:" + parameter.pattern + ")$"));
    if (!pattern.found_in(value))
      return refused(parameter.name + " must match " + parameter.pattern + ", not " + value);
  }
  if (parameter.name == "publishes" || parameter.name == "consumes") {
    TRY(event_name(value));
  }
  if (parameter.name == "resource" && !value.empty()) {
    TRY(resource_name(value));
  }
  return base::success();
}

base::Result<Values> complete(const Template& made, const ServiceName& name, const Values& given, const Facts& facts,
                              const std::set<std::uint16_t>& own) {
  Values values;
  for (const auto& [parameter, value] : given) {
    if (made.parameter(parameter) != nullptr) continue;
    std::string known;
    for (const auto& one : made.parameters) known += (known.empty() ? "" : ", ") + one.name;
    return refused("the template " + made.name + " has no parameter " + shown(parameter) +
                   (known.empty() ? "; it has none" : "; it has " + known));
  }
  for (const auto& parameter : made.parameters) {
    auto& value = values[parameter.name];
    if (given.contains(parameter.name)) value = given.at(parameter.name);
    if (value.empty() && parameter.fallback) value = {*parameter.fallback};
    if (value.empty() && parameter.name == "resource") value = {default_resource(name.stem)};
    const bool is_port = parameter.name == "port" || parameter.name == "grpc_port";
    if (value.empty() && (parameter.is_required || (!parameter.is_list && !is_port))) {
      return refused("the template " + made.name + " needs " + parameter.name + " (" + parameter.help + "); give " +
                     flag_of(parameter.name));
    }
    if (!parameter.is_list && value.size() > 1) return refused(parameter.name + " is given more than once");
    if (value.size() > longest_list) return refused(parameter.name + " has more than 20 values");
    for (auto one = value.begin(); one != value.end(); ++one) {
      TRY(check_value(parameter, *one));
      if (std::find(value.begin(), one, *one) != one) return refused(parameter.name + " has " + *one + " twice");
    }
  }
  TRY(choose_ports(made, values, facts, own));
  return values;
}

base::Result<Json> service_variables(const Template& made, const ServiceName& name, const Values& values,
                                     const Facts& facts) {
  Json data;
  for (const auto& parameter : made.parameters) {
    const auto list = list_of(values, parameter.name);
    data[parameter.name] = parameter.is_list ? Json(list) : Json(text_of(values, parameter.name));
  }
  data["name"] = name.name;
  data["stem"] = name.stem;
  data["ident"] = name.ident;
  data["namespace"] = name.cpp_namespace;
  data["Service"] = name.camel;
  data["http_port"] = text_of(values, "port");
  data["grpc_port"] = text_of(values, "grpc_port");
  const std::string own_door = "http://127.0.0.1:" + text_of(values, "port");
  data["edge"] = facts.edge.empty() ? own_door : facts.edge + "/api";
  data["msctl"] = facts.command;
  data["chassis"] = facts.has_chassis;
  const std::string database = text_of(values, "db");
  data["database"] = !database.empty() && database != "none";
  data["sqlite"] = database == "sqlite";
  data["postgres"] = database == "postgres";
  for (const char* list : {"publishes", "consumes"}) {
    Json items = Json::array();
    for (const auto& type : list_of(values, list)) items.push_back(event_item(type));
    mark_last(items);
    data[std::string("has_") + list] = !items.empty();
    data[list] = std::move(items);
  }
  data["consumed_schemas"] = schema_items(data["consumes"], facts, name.name);
  mark_last(data["consumed_schemas"]);
  data["has_broker"] = data["has_publishes"].get<bool>() || data["has_consumes"].get<bool>();
  if (data["has_broker"].get<bool>() && !facts.has_broker) {
    return refused(
        "--publishes and --consumes need a broker, and msctl.yaml names none; add a service such as nats and "
        "`broker: nats` (docs/cluster-file.md)");
  }
  if (data["has_publishes"].get<bool>() && made.parameter("db") != nullptr && !data["database"].get<bool>()) {
    return refused(
        "--publishes needs a database, in which an event is written together with what it tells of; give "
        "--db sqlite");
  }
  if (data["has_consumes"].get<bool>() && made.parameter("db") != nullptr && !data["database"].get<bool>()) {
    return refused("--consumes needs a database, in which it remembers which events it has handled; give --db sqlite");
  }
  TRY(check_events(data));
  data["heard_migration"] = data["has_publishes"].get<bool>() ? "003" : "002";  // behind the outbox, if there is one
  // The outbox's first form has been applied to databases, so that what came later is a step of its own.
  data["outbox_more_migration"] = data["has_consumes"].get<bool>() ? "004" : "003";
  // So is the ledger, behind all of them.
  const int steps = 1 + (data["has_publishes"].get<bool>() ? 2 : 0) + (data["has_consumes"].get<bool>() ? 1 : 0);
  data["ledger_migration"] = "00" + std::to_string(steps + 1);
  if (made.parameter("resource") != nullptr) {
    add_resource(data, text_of(values, "resource"));
    TRY(check_messages(data));
  }
  TRY(auto calls, call_items(list_of(values, "calls"), facts));
  data["has_calls"] = !calls.empty();
  data["opens"] = !calls.empty() || data["database"].get<bool>() || data["has_broker"].get<bool>();
  data["pings"] = pinged(calls);
  data["has_pings"] = !data["pings"].empty();
  data["calls"] = std::move(calls);
  return data;
}

Json workspace_variables(const Template& made, const std::string& name, const Values& values) {
  Json data;
  for (const auto& parameter : made.parameters) {
    const auto list = list_of(values, parameter.name);
    data[parameter.name] = parameter.is_list ? Json(list) : Json(text_of(values, parameter.name));
  }
  data["name"] = name;
  data["version"] = MSCTL_VERSION;
  return data;
}

}  // namespace scaffold
