#include "supervisor/spec/resolve.hpp"

#include <cstdlib>
#include <string_view>

#include "supervisor/spec/schema_validator.hpp"
#include "supervisor/spec/source.hpp"

namespace spec {
namespace {

using base::ErrorCode;

constexpr std::size_t max_text_file_bytes = 64 << 10;

class Resolver {
 public:
  Resolver(const Cluster& cluster, const std::string& service, const Outside& outside)
      : cluster_(cluster), service_(service), outside_(outside) {}

  base::Result<std::string> run(std::string_view text) const {
    std::string out;
    while (!text.empty()) {
      const std::size_t start = text.find("${");
      if (start == std::string_view::npos) {
        append(out, text);
        break;
      }
      const bool is_literal = start > 0 && text[start - 1] == '$';
      if (is_literal) {
        append(out, text.substr(0, start - 1));
        out += outside_.for_file ? "$${" : "${";
        text.remove_prefix(start + 2);
        continue;
      }
      const std::size_t end = text.find('}', start);
      if (end == std::string_view::npos) return unknown(text.substr(start), "it has no closing }");
      const std::string_view whole = text.substr(start, end + 1 - start);
      TRY(const std::string value, one(whole));
      append(out, text.substr(0, start));
      append(out, outside_.for_file && value != whole ? as_literal(value) : value);
      text.remove_prefix(end + 1);
    }
    return out;
  }

 private:
  // Two pieces must not become a ${ where they meet.
  void append(std::string& out, std::string_view piece) const {
    if (outside_.for_file && out.ends_with('$') && piece.starts_with('{')) out += '$';
    out += piece;
  }

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
    if (kind == "file") return file(whole, name);
    return unknown(whole, "expected ${port:…}, ${dir:…}, ${env:…} or ${file:…}; $${ is a literal ${");
  }

  base::Result<std::string> port(std::string_view whole, const std::string& name) const {
    const std::size_t dot = name.find('.');
    const std::string owner = dot == std::string::npos ? service_ : name.substr(0, dot);
    const std::string key = dot == std::string::npos ? name : name.substr(dot + 1);
    if (owner.empty()) return unknown(whole, "expected ${port:SERVICE.NAME} here, as this is not part of a service");
    const auto service = cluster_.services.find(owner);
    if (service == cluster_.services.end()) return unknown(whole, "no service is named " + shown(base::Json(owner)));
    const auto& ports = service->second.ports;
    if (const auto it = ports.find(key); it != ports.end()) {
      return it->second == 0 && outside_.for_file ? std::string(whole) : std::to_string(it->second);
    }
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
    if (name == "service") return service->second.home.string();
    return unknown(whole, "known are dir:root, dir:state, dir:data, dir:service and dir:bin");
  }

  base::Result<std::string> env(std::string_view whole, const std::string& name) const {
    const std::size_t split = name.find(":-");
    const std::string key = name.substr(0, split);
    if (key.empty()) return unknown(whole, "expected ${env:NAME} or ${env:NAME:-default}");
    const std::optional<std::string> value = outside_.variable(key);
    // As in a shell, `:-` also stands in for an empty value.
    if (split != std::string::npos && (!value || value->empty())) {
      const std::string fallback = name.substr(split + 2);
      return outside_.fallback ? outside_.fallback(key, fallback) : fallback;
    }
    if (value) return *value;
    return unknown(whole, "the variable is not set; give it a default as ${env:" + key + ":-default}");
  }

  base::Result<std::string> file(std::string_view whole, const std::string& name) const {
    if (name.empty()) return unknown(whole, "expected ${file:PATH}, relative to the folder of msctl.yaml");
    auto content = outside_.content(file_path(cluster_, name));
    if (!content) return unknown(whole, content.error().message);
    std::string text = std::move(content).value();
    if (text.find('\0') != std::string::npos) return unknown(whole, "the file has a NUL character");
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return text;
  }

  const Cluster& cluster_;
  const std::string& service_;
  const Outside& outside_;
};

}  // namespace

std::string as_literal(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') out += '$';
    out += text[i];
  }
  return out;
}

std::filesystem::path file_path(const Cluster& cluster, const std::string& name) {
  return (cluster.root / name).lexically_normal();
}

Outside real_outside(const Cluster& cluster) {
  Outside outside;
  outside.variable = [&cluster](const std::string& name) -> std::optional<std::string> {
    if (const char* value = std::getenv(name.c_str())) return value;
    const auto given = cluster.env.find(name);
    return given == cluster.env.end() ? std::nullopt : std::optional<std::string>(given->second);
  };
  outside.content = [&cluster](const std::filesystem::path& file) {
    return read_text(file, shown_path(file, cluster.root), max_text_file_bytes);
  };
  return outside;
}

base::Result<std::string> resolve_with(const Cluster& cluster, const std::string& service, const std::string& text,
                                       const Outside& outside) {
  return Resolver(cluster, service, outside).run(text);
}

base::Result<std::string> resolve(const Cluster& cluster, const std::string& service, const std::string& text) {
  return resolve_with(cluster, service, text, real_outside(cluster));
}

std::vector<std::string> files_of(const Cluster& cluster, const std::string& service, const std::string& text) {
  std::vector<std::string> files;
  Outside outside;
  outside.variable = [](const std::string&) { return std::optional<std::string>(""); };
  outside.content = [&](const std::filesystem::path& file) -> base::Result<std::string> {
    files.push_back(file.string());
    return std::string();
  };
  (void)resolve_with(cluster, service, text, outside);
  return files;
}

}  // namespace spec
