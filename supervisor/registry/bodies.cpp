#include "supervisor/registry/bodies.hpp"

#include <charconv>

#include "supervisor/registry/catalog.hpp"
#include "supervisor/registry/fields.hpp"

namespace registry {
namespace {

using base::Json;

constexpr Ms least_interval{1'000};
constexpr std::size_t max_target_bytes = 2048;

base::Error refused(std::string message) { return base::fail(base::ErrorCode::malformed, std::move(message)); }

base::Result<Json> parse(const std::string& body) {
  auto json = base::parse_json(body);
  if (!json) return refused("Request decode failed: " + json.error().message);
  return json;
}

std::optional<std::uint16_t> port_from(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0 || port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

// The port of "127.0.0.1:80" or "localhost:80". Nothing but this machine: whoever may register a service must not make
// the supervisor ask other hosts.
base::Result<std::uint16_t> local_port(std::string_view where) {
  const auto colon = where.rfind(':');
  const auto host = where.substr(0, colon);
  const auto port = colon == std::string_view::npos ? std::nullopt : port_from(where.substr(colon + 1));
  if (port && (host == "127.0.0.1" || host == "localhost")) return *port;
  return refused("Invalid check: expected 127.0.0.1:PORT or localhost:PORT, got \"" + std::string(where) +
                 "\": only this machine is checked");
}

base::Result<void> read_http(CheckDefinition& check, Fields& fields) {
  constexpr std::string_view scheme = "http://";
  if (!std::string_view(check.target).starts_with(scheme)) {
    return refused("Invalid check: HTTP must begin with http://, got \"" + check.target + "\"");
  }
  const auto rest = std::string_view(check.target).substr(scheme.size());
  const auto slash = rest.find_first_of("/?#");
  const auto authority = rest.substr(0, slash);
  const bool has_port = authority.find(':') != std::string_view::npos;
  TRY(check.port, local_port(has_port ? std::string(authority) : std::string(authority) + ":80"));
  check.path = slash == std::string_view::npos ? "/" : std::string(rest.substr(slash));
  check.path = check.path.substr(0, check.path.find('#'));
  if (check.path.empty() || check.path[0] != '/') check.path.insert(0, "/");
  for (const unsigned char c : check.path) {
    if (c <= 32 || c >= 127) return refused("Invalid check: the URL must be percent-encoded");
  }
  std::string method = "GET";
  fields.text("Method", method);
  const auto* headers = fields.find("Header");
  std::string body;
  fields.text("Body", body);
  if ((method != "GET" && !method.empty()) || (headers != nullptr && !headers->empty()) || !body.empty()) {
    return refused("Invalid check: only a plain GET is supported, without Method, Header and Body");
  }
  check.kind = CheckKind::http;
  return base::success();
}

base::Result<void> read_kind(CheckDefinition& check, Fields& fields) {
  for (const char* other : {"Args", "Script", "ScriptArgs", "DockerContainerID", "GRPC", "H2PING", "UDP", "OSService",
                            "AliasNode", "AliasService"}) {
    const auto* value = fields.find(other);
    if (value != nullptr && !value->empty() && *value != "") {
      return refused(std::string("Invalid check: ") + other + " is not supported, use TTL, HTTP or TCP");
    }
  }
  std::string http;
  std::string tcp;
  fields.text("HTTP", http, max_target_bytes);
  fields.text("TCP", tcp, max_target_bytes);
  fields.duration("TTL", check.ttl);
  if (fields.error()) return *fields.error();
  if (!http.empty() && !tcp.empty()) return refused("Invalid check: HTTP and TCP cannot both be specified");
  if (http.empty() && tcp.empty()) {
    if (check.ttl <= Ms(0)) return refused("Invalid check: TTL must be > 0 for TTL checks");
    return base::success();
  }
  if (check.ttl > Ms(0)) return refused("Invalid check: Interval and TTL cannot both be specified");
  if (check.interval < least_interval) return refused("Invalid check: Interval must be at least 1s");
  if (check.timeout < Ms(1)) check.timeout = CheckDefinition().timeout;
  check.target = http.empty() ? tcp : http;
  if (!http.empty()) return read_http(check, fields);
  TRY(check.port, local_port(tcp));
  check.kind = CheckKind::tcp;
  return base::success();
}

base::Result<CheckDefinition> read_definition(const Json& json, const std::string& path) {
  Fields fields(json, path);
  CheckDefinition check;
  std::string status;
  fields.word("ID", check.id);
  fields.word("CheckID", check.id);
  fields.word("Name", check.name);
  fields.text("Notes", check.notes);
  fields.text("Status", status);
  fields.duration("Interval", check.interval);
  if (check.interval == Ms(0)) check.interval = CheckDefinition().interval;
  fields.duration("Timeout", check.timeout);
  fields.duration("DeregisterCriticalServiceAfter", check.deregister_after);
  if (check.deregister_after > Ms(0)) check.deregister_after = std::max(check.deregister_after, least_deregister_after);
  fields.number("SuccessBeforePassing", 0, 1000, check.successes);
  fields.number("FailuresBeforeCritical", 0, 1000, check.failures);
  if (fields.error()) return *fields.error();
  if (!status.empty()) {
    const auto given = status_from(status);
    if (!given) return refused("Status for checks must 'passing', 'warning', 'critical'");
    check.initial = *given;
    check.initial_given = true;
  }
  TRY(read_kind(check, fields));
  if (fields.error()) return *fields.error();
  return check;
}

base::Result<void> read_checks(const Fields& fields, std::vector<CheckDefinition>& out) {
  if (const auto* one = fields.find("Check"); one != nullptr && !one->empty()) {
    TRY(auto check, read_definition(*one, "Check."));
    out.push_back(std::move(check));
  }
  const auto* several = fields.find("Checks");
  if (several == nullptr) return base::success();
  if (!several->is_array()) return refused("Request decode failed: Checks: expected a list");
  for (std::size_t i = 0; i < several->size() && i <= max_checks_of_one; ++i) {
    TRY(auto check, read_definition((*several)[i], "Checks[" + std::to_string(i) + "]."));
    out.push_back(std::move(check));
  }
  return base::success();
}

void read_weights(const Fields& fields, ServiceDefinition& service, std::optional<base::Error>& error) {
  const auto* value = fields.find("Weights");
  if (value == nullptr) return;
  Fields weights(*value, "Weights.");
  weights.number("Passing", 0, 65535, service.weight_passing);
  weights.number("Warning", 0, 65535, service.weight_warning);
  error = weights.error();
}

}  // namespace

std::optional<Status> status_from(std::string_view text) {
  for (const auto status : {Status::passing, Status::warning, Status::critical}) {
    if (text == name(status)) return status;
  }
  return std::nullopt;
}

base::Result<ServiceDefinition> read_service(const Json& json) {
  Fields fields(json, "");
  ServiceDefinition service;
  int port = 0;
  fields.word("Name", service.name);
  fields.word("ID", service.id);
  fields.word("Address", service.address);
  fields.number("Port", 0, 65535, port);
  fields.texts("Tags", service.tags);
  fields.pairs("Meta", service.meta);
  fields.flag("EnableTagOverride", service.enable_tag_override);
  auto error = fields.error();
  if (!error) read_weights(fields, service, error);
  if (error) return *error;
  if (service.name.empty()) return refused("Missing service name");
  if (service.address == "0.0.0.0" || service.address == "::" || service.address == "[::]") {
    return refused("Invalid service address");
  }
  service.port = static_cast<std::uint16_t>(port);
  TRY(read_checks(fields, service.checks));
  return service;
}

base::Result<ServiceDefinition> read_service(const std::string& body) {
  TRY(const Json json, parse(body));
  return read_service(json);
}

base::Result<CheckBody> read_check(const std::string& body) {
  TRY(const Json json, parse(body));
  Fields fields(json, "");
  CheckBody read;
  std::string check_name;
  fields.word("Name", check_name);
  fields.word("ServiceID", read.service_id);
  if (fields.error()) return *fields.error();
  if (check_name.empty()) return refused("Missing check name");
  TRY(read.check, read_definition(json, ""));
  return read;
}

base::Result<UpdateBody> read_update(const std::string& body) {
  TRY(const Json json, parse(body));
  Fields fields(json, "");
  UpdateBody update;
  std::string status;
  fields.text("Status", status);
  fields.text("Output", update.output, body.size());
  if (fields.error()) return *fields.error();
  const auto given = status_from(status);
  if (!given) return refused("Invalid check status: '" + status + "'");
  update.status = *given;
  return update;
}

Json service_body(const ServiceDefinition& definition, const std::vector<const Check*>& checks) {
  Json list = Json::array();
  for (const auto* check : checks) {
    const auto& each = check->definition;
    Json one{{"CheckID", each.id}, {"Name", each.name}, {"Notes", each.notes}, {"Status", name(check->status)}};
    if (each.kind == CheckKind::ttl) one["TTL"] = format_duration(each.ttl);
    if (each.kind == CheckKind::http) one["HTTP"] = each.target;
    if (each.kind == CheckKind::tcp) one["TCP"] = each.target;
    one["Interval"] = format_duration(each.interval);
    one["Timeout"] = format_duration(each.timeout);
    one["DeregisterCriticalServiceAfter"] = format_duration(each.deregister_after);
    one["SuccessBeforePassing"] = each.successes;
    one["FailuresBeforeCritical"] = each.failures;
    list.push_back(std::move(one));
  }
  Json meta = Json::object();
  for (const auto& [key, value] : definition.meta) meta[key] = value;
  return {{"ID", definition.id},
          {"Name", definition.name},
          {"Address", definition.address},
          {"Port", definition.port},
          {"Tags", definition.tags},
          {"Meta", std::move(meta)},
          {"EnableTagOverride", definition.enable_tag_override},
          {"Weights", {{"Passing", definition.weight_passing}, {"Warning", definition.weight_warning}}},
          {"Checks", std::move(list)}};
}

}  // namespace registry
