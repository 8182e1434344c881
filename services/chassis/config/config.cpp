#include "services/chassis/config/config.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/ids.hpp"
#include "base/json.hpp"

namespace chassis {
namespace {

using base::Json;

// Collects what is wrong; an empty list at the end means that the document is good.
class Problems {
 public:
  void add(const std::string& path, std::string what) { found_.push_back({path, std::move(what)}); }
  bool none() const { return found_.empty(); }
  base::Error error() {
    auto message = "configuration: " + found_.front().field + ": " + found_.front().message;
    if (found_.size() > 1) message += " (and " + std::to_string(found_.size() - 1) + " more)";
    return {base::ErrorCode::malformed, std::move(message), std::move(found_)};
  }

 private:
  std::vector<base::FieldError> found_;
};

// One object of the document: each known key is asked for once, finish() refuses what nobody asked for.
class Reader {
 public:
  Reader(const Json& object, std::string path, Problems& problems)
      : object_(object), path_(std::move(path)), problems_(problems) {
    if (!object_.is_object()) problems_.add(path_, std::string("expected an object, got ") + object_.type_name());
  }

  std::string at(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }

  const Json* find(const std::string& key) {
    known_.push_back(key);
    if (!object_.is_object()) return nullptr;
    const auto member = object_.find(key);
    return member == object_.end() ? nullptr : &*member;
  }
  const Json* need(const std::string& key, const char* expected) {
    const auto* value = find(key);
    if (value == nullptr && object_.is_object()) problems_.add(at(key), std::string("missing, expected ") + expected);
    return value;
  }

  void text(const std::string& key, std::string& out, bool required = false) {
    const auto* value = required ? need(key, "a string") : find(key);
    if (value == nullptr) return;
    if (!value->is_string()) return wrong(key, "a string", *value);
    out = value->get<std::string>();
    if (required && out.empty()) problems_.add(at(key), "expected a non-empty string");
  }

  // A whole number in [least, most], read into any integer.
  template <class Number>
  void number(const std::string& key, std::int64_t least, std::int64_t most, Number& out) {
    const auto* value = find(key);
    if (value == nullptr) return;
    const auto expected = "a whole number between " + std::to_string(least) + " and " + std::to_string(most);
    if (!value->is_number_integer()) return wrong(key, expected, *value);
    const bool fits = !value->is_number_unsigned() || value->get<std::uint64_t>() <= static_cast<std::uint64_t>(most);
    if (!fits || value->get<std::int64_t>() < least || value->get<std::int64_t>() > most) {
      return problems_.add(at(key), "expected " + expected);
    }
    out = Number(value->get<std::int64_t>());
  }

  void address(const std::string& key, std::string& out) {
    text(key, out, true);
    const auto colon = out.rfind(':');
    unsigned port = 0;
    const auto* end = out.data() + out.size();
    const bool good = colon != out.npos && colon > 0 && [&] {
      const auto [stop, error] = std::from_chars(out.data() + colon + 1, end, port);
      return error == std::errc() && stop == end && port > 0 && port <= 65535;
    }();
    if (!out.empty() && !good) problems_.add(at(key), "expected address:port, got '" + out + "'");
  }

  // Calls `read(name, path, value)` for each member of the object `key`.
  template <class Read>
  void members(const std::string& key, Read read) {
    const auto* value = find(key);
    if (value == nullptr) return;
    if (!value->is_object()) return wrong(key, "an object", *value);
    for (const auto& [name, member] : value->items()) read(name, at(key) + "." + name, member);
  }

  void wrong(const std::string& key, const std::string& expected, const Json& got) {
    problems_.add(at(key), "expected " + expected + ", got " + got.type_name());
  }

  void finish() {
    if (!object_.is_object()) return;
    for (const auto& [name, value] : object_.items()) {
      if (std::find(known_.begin(), known_.end(), name) == known_.end()) problems_.add(at(name), "unknown key");
    }
  }

 private:
  const Json& object_;
  std::string path_;
  Problems& problems_;
  std::vector<std::string> known_;
};

constexpr std::int64_t max_ms = 24LL * 60 * 60 * 1000;

void read_service(Reader& root, Config& config, Problems& problems) {
  const auto* value = root.need("service", "an object with name and version");
  if (value == nullptr) return;
  Reader service(*value, "service", problems);
  service.text("name", config.name, true);
  service.text("version", config.version, true);
  config.instance = config.name;
  service.text("instance", config.instance);
  service.finish();
  if (!config.name.empty() && !base::is_dns_label(config.name)) {
    problems.add("service.name", "expected 1-63 of a-z, 0-9 and '-', got '" + config.name + "'");
  }
}

void read_ports(Reader& root, Config& config, Problems& problems) {
  root.members("ports", [&](const std::string& name, const std::string& path, const Json& value) {
    if (name != "http" && name != "grpc" && name != "admin") return problems.add(path, "unknown key");
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > 65535) {
      return problems.add(path, "expected a port number between 0 and 65535");
    }
    config.ports[name] = value.get<std::uint16_t>();
  });
}

// `{"url": …}` under `key`.
void read_url(Reader& root, const std::string& key, std::initializer_list<std::string_view> schemes, std::string& out,
              Problems& problems) {
  const auto* value = root.find(key);
  if (value == nullptr) return;
  Reader part(*value, key, problems);
  part.text("url", out, true);
  part.finish();
  std::string expected;
  for (const auto scheme : schemes) {
    if (out.starts_with(scheme)) return;
    expected += (expected.empty() ? "" : " or ") + std::string(scheme);
  }
  if (!out.empty()) problems.add(key + ".url", "expected a URL that starts with " + expected);
}

void read_calls(Reader& root, Config& config, Problems& problems) {
  root.members("calls", [&](const std::string& name, const std::string& path, const Json& value) {
    Reader call(value, path, problems);
    auto& out = config.calls[name];
    call.address("address", out.address);
    call.number("timeout_ms", 1, max_ms, out.timeout);
    call.finish();
  });
}

void read_consumes(Reader& root, Config& config, Problems& problems) {
  root.members("consumes", [&](const std::string& type, const std::string& path, const Json& value) {
    const bool is_list = value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& one) {
                           return one.is_string() && !one.get_ref<const std::string&>().empty();
                         });
    if (!is_list) return problems.add(path, "expected a list of services");
    config.publishers[type] = value.get<std::vector<std::string>>();
  });
}

void read_discovery(Reader& root, Config& config, Problems& problems) {
  const auto* value = root.find("discovery");
  if (value == nullptr) return;
  Reader discovery(*value, "discovery", problems);
  std::string driver;
  discovery.text("driver", driver, true);
  if (driver == "consul") {
    config.discovery.driver = DiscoveryDriver::consul;
    discovery.address("address", config.discovery.address);
  } else if (!driver.empty() && driver != "static") {
    problems.add("discovery.driver", "expected static or consul, got '" + driver + "'");
  }
  discovery.finish();
}

void read_states(Reader& root, Config& config, Problems& problems) {
  const auto* value = root.find("provider_states");
  if (value == nullptr) return;
  Reader states(*value, "provider_states", problems);
  states.text("secret", config.states_secret, true);
  states.finish();
  if (!config.states_secret.empty() && config.states_secret.size() < 16) {
    problems.add("provider_states.secret", "expected at least 16 characters");
  }
}

void read_limits(Reader& root, Config& config, Problems& problems) {
  const auto* value = root.find("limits");
  if (value == nullptr) return;
  Reader limits(*value, "limits", problems);
  limits.number("body_bytes", 1, 1LL << 30, config.body_bytes);
  limits.number("connections", 1, 1LL << 20, config.connections);
  limits.finish();
}

void read_routes(Reader& root, Config& config, Problems& problems) {
  const auto* value = root.find("routes");
  if (value == nullptr) return;
  if (!value->is_array()) return root.wrong("routes", "a list", *value);
  for (std::size_t i = 0; i < value->size(); ++i) {
    const auto path = "routes[" + std::to_string(i) + "]";
    Reader reader((*value)[i], path, problems);
    RouteConfig route;
    reader.text("prefix", route.prefix, true);
    reader.text("to", route.to, true);
    reader.text("service", route.service, true);
    reader.address("address", route.address);
    reader.finish();
    if (!route.prefix.empty() && route.prefix[0] != '/') problems.add(path + ".prefix", "expected a path from '/'");
    if (!route.to.empty() && route.to[0] != '/') problems.add(path + ".to", "expected a path from '/'");
    config.routes.push_back(std::move(route));
  }
  std::stable_sort(config.routes.begin(), config.routes.end(),
                   [](const auto& a, const auto& b) { return a.prefix.size() > b.prefix.size(); });
}

}  // namespace

base::Result<Config> parse_config(std::string_view json) {
  TRY(auto document, base::parse_json(json));
  Problems problems;
  Config config;
  if (!document.is_object()) {
    problems.add("document", std::string("expected an object, got ") + document.type_name());
    return problems.error();
  }
  Reader root(document, "", problems);
  int version = 1;
  root.number("version", 1, 1, version);
  read_service(root, config, problems);
  root.text("bind", config.bind);
  read_ports(root, config, problems);
  read_url(root, "database", {"sqlite:", "postgres://"}, config.database_url, problems);
  read_url(root, "broker", {"nats://", "redis://"}, config.broker_url, problems);
  read_calls(root, config, problems);
  read_consumes(root, config, problems);
  read_discovery(root, config, problems);
  read_states(root, config, problems);
  read_limits(root, config, problems);
  root.number("stop_grace_ms", 0, max_ms, config.stop_grace);
  read_routes(root, config, problems);
  root.finish();
  if (!problems.none()) return problems.error();
  return config;
}

}  // namespace chassis
