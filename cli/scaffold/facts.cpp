#include <algorithm>
#include <cctype>
#include <optional>

#include "cli/scaffold/variables.hpp"
#include "supervisor/spec/source.hpp"

namespace scaffold {
namespace {

namespace fs = std::filesystem;

// Nothing else goes into generated code.
bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
}

// A header with `namespace user_service::client {`, a connect() and perhaps a ping().
std::optional<ClientFacts> client_in(const fs::path& header, const std::string& folder) {
  constexpr std::string_view keyword = "namespace ";
  const auto text = spec::read_text(header, header.string(), 1 << 20);
  if (!text) return std::nullopt;
  const std::string& code = text.value();
  const auto end = code.find("::client {");
  const auto begin = code.rfind(keyword, end);
  if (end == std::string::npos || begin == std::string::npos) return std::nullopt;
  const std::string name = code.substr(begin + keyword.size(), end - begin - keyword.size());
  const bool connects = code.find(" connect(chassis::Environment&") != std::string::npos;
  if (!connects || !is_word(name) || !is_word(folder)) return std::nullopt;
  return ClientFacts{folder, name, code.find(" ping(base::Monotonic") != std::string::npos};
}

// Of what it says that it publishes; a file beside that is nobody's promise.
void read_events(const spec::Cluster& cluster, const spec::Service& service, Facts& facts) {
  const auto found = service.home == cluster.root ? EventSchemas() : read_event_schemas(service.home / "events");
  for (const auto& type : service.publishes) {
    facts.publishers[type].push_back(service.name);
    const auto schemas = found.find(type);
    if (schemas == found.end()) continue;
    for (const auto& schema : schemas->second) add_event_schema(facts.schemas, schema);
  }
}

}  // namespace

Facts read_facts(const spec::Cluster& cluster) {
  Facts facts;
  std::error_code ignored;
  for (const auto& [name, service] : cluster.services) {
    facts.services.push_back(name);
    for (const auto& [port, number] : service.ports) {
      if (number != 0) facts.ports.insert(number);
      if (service.gateway && port == "http" && number != 0) facts.edge = "http://127.0.0.1:" + std::to_string(number);
    }
    read_events(cluster, service, facts);
    const fs::path home = service.home.lexically_relative(cluster.root);
    if (home.parent_path() != "services") continue;
    auto client = client_in(service.home / "proto" / "client.hpp", home.filename());
    if (client) facts.clients[name] = std::move(*client);
  }
  facts.has_broker = !cluster.broker.empty();
  facts.has_chassis = fs::is_directory(cluster.root / "services" / "chassis", ignored);
  const bool is_here = fs::is_regular_file(cluster.root / "msctl", ignored);
  facts.command = is_here ? "./msctl" : "msctl";
  return facts;
}

}  // namespace scaffold
