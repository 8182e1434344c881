#include "supervisor/spec/resolve.hpp"

#include <cstdlib>
#include <string_view>

#include "supervisor/spec/schema_validator.hpp"

namespace spec {
namespace {

using base::ErrorCode;

class Resolver {
 public:
  Resolver(const Cluster& cluster, const std::string& service, const Environment& environment)
      : cluster_(cluster), service_(service), environment_(environment) {}

  base::Result<std::string> run(std::string_view text) const {
    std::string out;
    while (!text.empty()) {
      const std::size_t start = text.find("${");
      if (start == std::string_view::npos) return out + std::string(text);
      const bool is_literal = start > 0 && text[start - 1] == '$';
      if (is_literal) {
        out += std::string(text.substr(0, start - 1)) + "${";
        text.remove_prefix(start + 2);
        continue;
      }
      const std::size_t end = text.find('}', start);
      if (end == std::string_view::npos) return unknown(text.substr(start), "it has no closing }");
      TRY(std::string value, one(text.substr(start, end + 1 - start)));
      out += std::string(text.substr(0, start)) + value;
      text.remove_prefix(end + 1);
    }
    return out;
  }

 private:
  static base::Error unknown(std::string_view whole, const std::string& why) {
    return base::fail(ErrorCode::malformed, shown(base::Json(std::string(whole))) + ": " + why);
  }

  // `whole` is `${KIND:NAME}`.
  base::Result<std::string> one(std::string_view whole) const {
    const std::string_view inner = whole.substr(2, whole.size() - 3);
    const std::size_t colon = inner.find(':');
    const std::string_view kind = inner.substr(0, colon);
    const std::string name(colon == std::string_view::npos ? "" : inner.substr(colon + 1));
    if (kind == "port") return port(whole, name);
    if (kind == "dir") return dir(whole, name);
    if (kind == "env") return env(whole, name);
    return unknown(whole, "expected ${port:…}, ${dir:…} or ${env:…}; $${ is a literal ${");
  }

  base::Result<std::string> port(std::string_view whole, const std::string& name) const {
    const std::size_t dot = name.find('.');
    const std::string owner = dot == std::string::npos ? service_ : name.substr(0, dot);
    const std::string key = dot == std::string::npos ? name : name.substr(dot + 1);
    if (owner.empty()) return unknown(whole, "expected ${port:SERVICE.NAME} here, as this is not part of a service");
    const auto service = cluster_.services.find(owner);
    if (service == cluster_.services.end()) return unknown(whole, "no service is named " + shown(base::Json(owner)));
    const auto& ports = service->second.ports;
    if (const auto it = ports.find(key); it != ports.end()) return std::to_string(it->second);
    std::string known;
    for (const auto& [port_name, number] : ports) known += (known.empty() ? "" : ", ") + port_name;
    return unknown(whole, "service \"" + owner + "\" has " + (known.empty() ? "no ports" : "the ports " + known));
  }

  base::Result<std::string> dir(std::string_view whole, const std::string& name) const {
    if (name == "root") return cluster_.root.string();
    if (name == "state") return cluster_.state.string();
    if (name == "bin") return cluster_.bin.string();
    const auto service = cluster_.services.find(service_);
    if (service == cluster_.services.end()) return unknown(whole, "known here are dir:root, dir:state and dir:bin");
    if (name == "data") return (cluster_.state / "data" / service_).string();
    if (name == "service") return service->second.folder.string();
    return unknown(whole, "known are dir:root, dir:state, dir:data, dir:service and dir:bin");
  }

  base::Result<std::string> env(std::string_view whole, const std::string& name) const {
    const std::size_t split = name.find(":-");
    const std::string key = name.substr(0, split);
    if (key.empty()) return unknown(whole, "expected ${env:NAME} or ${env:NAME:-default}");
    const std::optional<std::string> value = environment_(key);
    // As in a shell, `:-` also stands in for an empty value.
    if (split != std::string::npos && (!value || value->empty())) return name.substr(split + 2);
    if (value) return *value;
    return unknown(whole, "the variable is not set; give it a default as ${env:" + key + ":-default}");
  }

  const Cluster& cluster_;
  const std::string& service_;
  const Environment& environment_;
};

}  // namespace

base::Result<std::string> resolve_with(const Cluster& cluster, const std::string& service, const std::string& text,
                                       const Environment& environment) {
  return Resolver(cluster, service, environment).run(text);
}

base::Result<std::string> resolve(const Cluster& cluster, const std::string& service, const std::string& text) {
  return resolve_with(cluster, service, text, [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  });
}

}  // namespace spec
