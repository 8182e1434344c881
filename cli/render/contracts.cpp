#include "cli/render/contracts.hpp"

#include <fstream>
#include <iterator>

#include "base/json.hpp"
#include "supervisor/spec/mock.hpp"

namespace render {
namespace {

namespace fs = std::filesystem;

std::string name_of(const base::Json& pact, const char* role) {
  const base::Json party = pact.value(role, base::Json());
  const base::Json name = party.is_object() ? party.value("name", base::Json()) : base::Json();
  return name.is_string() ? name.get<std::string>() : std::string();
}

}  // namespace

std::set<std::string> services_with_contracts(const spec::Cluster& cluster) {
  std::set<std::string> found;
  for (const auto& folder : spec::contract_folders(cluster)) {
    std::error_code failed;
    for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
      if (at->path().extension() != ".json") continue;
      std::ifstream in(at->path(), std::ios::binary);
      const auto pact = base::parse_json(std::string(std::istreambuf_iterator<char>(in), {}));
      if (!pact || !pact.value().is_object()) continue;  // contract-test says what is wrong with it
      for (const char* role : {"consumer", "provider"}) {
        if (const auto name = name_of(pact.value(), role); cluster.services.contains(name)) found.insert(name);
      }
    }
  }
  return found;
}

std::string contract_test_line(const spec::Cluster& cluster, const std::string& msctl) {
  std::string names;
  for (const auto& name : services_with_contracts(cluster)) names += (names.empty() ? "" : "|") + name;
  if (names.empty()) return {};
  return "case \"$SERVICE\" in " + names + ") " + msctl +
         " contract-test --service \"$SERVICE\" --fresh --build ;; esac";
}

}  // namespace render
