#include <fstream>
#include <optional>
#include <regex>
#include <sstream>

#include "cli/scaffold/variables.hpp"

namespace scaffold {
namespace {

namespace fs = std::filesystem;

std::optional<ClientFacts> client_in(const fs::path& header, const std::string& folder) {
  std::ifstream in(header);
  std::ostringstream text;
  text << in.rdbuf();
  static const std::regex expression(R"(namespace ([a-z][a-z0-9_]{0,80})::client \{)");
  std::smatch found;
  const std::string code = text.str().substr(0, 100'000);
  if (!in || !std::regex_search(code, found, expression)) return std::nullopt;
  if (code.find(" connect(chassis::Environment&") == std::string::npos) return std::nullopt;
  return ClientFacts{folder, found[1], code.find(" ping(base::Monotonic") != std::string::npos};
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
