// Pattern 12. The running providers keep the contracts that their consumers have with them; a contract that asks for
// one field more, in a copy, is found broken, with the field named.

#include <fstream>

#include "cli/verify/patterns/patterns.hpp"
#include "cli/verify/services.hpp"

namespace verify::contracts {
namespace {

namespace fs = std::filesystem;
using base::Json;

constexpr int broken_code = 5;  // docs/exit-codes.md
constexpr Ms patience{20'000};
constexpr const char* extra_field = "msctl_verify";

base::Error wrong(const std::string& what) { return base::fail(base::ErrorCode::invalid, what); }

bool has_contracts(const spec::Cluster& cluster) {
  std::error_code ignored;
  for (const auto& [name, service] : cluster.services) {
    for (const auto& entry : fs::directory_iterator(service.home / "contracts" / "pacts", ignored)) {
      if (entry.path().extension() == ".json") return true;
    }
  }
  return false;
}

struct Answer {
  int code = 0;
  Json results = Json::array();
  std::string problem;  // what it said on standard error, one line
};

base::Result<Answer> test(World& world, const std::vector<std::string>& words) {
  Ask ask;
  ask.argv = {world.msctl(), "contract-test", "--output", "json"};
  ask.argv.insert(ask.argv.end(), words.begin(), words.end());
  ask.timeout = patience;
  TRY(const auto output, world.run(ask));
  Answer answer;
  answer.code = output.exit_code;
  answer.problem = output.err.substr(0, output.err.find('\n'));
  if (const auto document = base::parse_json(output.out); document && document.value().is_object()) {
    answer.results = document.value().value("contracts", Json::array());
  }
  return answer;
}

std::string words_of(const Json& result) {
  return text_of(result, "consumer") + " -> " + text_of(result, "provider") + ", " + text_of(result, "interaction") +
         ": " + text_of(result, "why");
}

base::Error not_kept(const Answer& answer) {
  for (const auto& result : answer.results) {
    if (text_of(result, "result") == "ok" || result.value("pending", false)) continue;
    return wrong("a contract is not kept: " + words_of(result));
  }
  return wrong("msctl contract-test ended with " + std::to_string(answer.code) + ": " + answer.problem);
}

// The body that a response of a Pact file of any version expects; nullptr when it is no JSON object.
Json* body_of_response(Json& interaction) {
  const auto response = interaction.find("response");
  if (response == interaction.end() || !response->is_object() || !response->contains("body")) return nullptr;
  Json& body = response->at("body");
  if (!body.is_object()) return nullptr;
  if (!body.contains("content")) return &body;
  return body.at("content").is_object() ? &body.at("content") : nullptr;
}

// The Pact file with nothing but one interaction, which asks for a field that no provider has; null when there is none
// with a JSON object in its response.
Json broken(Json pact, const std::string& description) {
  Json interactions = Json::array();
  for (auto& interaction : pact.value("interactions", Json::array())) {
    if (text_of(interaction, "description") != description) continue;
    Json* const body = body_of_response(interaction);
    if (body == nullptr || text_of(interaction, "type") == "Synchronous/Messages") continue;
    (*body)[extra_field] = "is asked for";
    interactions.push_back(interaction);
    break;
  }
  if (interactions.empty()) return nullptr;
  pact["interactions"] = std::move(interactions);
  return pact;
}

Json read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  auto pact = base::parse_json(std::string(std::istreambuf_iterator<char>(in), {}));
  return pact && pact.value().is_object() ? std::move(pact.value()) : Json();
}

base::Result<std::string> found_broken(World& world, const Answer& kept) {
  TRY(const auto folder, world.scratch());
  for (const auto& result : kept.results) {
    const Json pact = read(world.cluster().root / text_of(result, "source"));
    if (pact.is_null()) continue;
    const Json changed = broken(pact, text_of(result, "interaction"));
    if (changed.is_null()) continue;
    const fs::path file = folder / "broken.json";
    std::ofstream(file, std::ios::binary) << base::dump_json_pretty(changed);
    TRY(const auto answer, test(world, {"--file", file.string()}));
    const std::string what = "\"" + text_of(result, "interaction") + "\" of " + text_of(result, "consumer") + " at " +
                             text_of(result, "provider") + ", asking for the field " + extra_field + " in a copy,";
    if (answer.code != broken_code) {
      return wrong(what + " was not found broken; contract-test ended with " + std::to_string(answer.code));
    }
    const std::string all = base::dump_json(answer.results);
    if (all.find(extra_field) == std::string::npos)
      return wrong(what + " was found broken, but the field is not named");
    return what + " was found broken, with the field named.";
  }
  return wrong("no contract expects a JSON object in a response, so none could be broken on purpose");
}

}  // namespace

base::Result<Finding> look(World& world) {
  if (!world.has_verb("contract-test")) return absent("This msctl has no `contract-test`.");
  if (!has_contracts(world.cluster())) return absent("No service of this cluster has contracts (contracts/pacts).");
  TRY(const auto kept, test(world, {}));
  if (kept.code != 0) return not_kept(kept);
  if (kept.results.empty()) return failed("contract-test found no contract, and said nothing was wrong");
  std::map<std::string, int> pairs;
  for (const auto& result : kept.results) ++pairs[text_of(result, "consumer") + " -> " + text_of(result, "provider")];
  std::vector<std::string> words;
  for (const auto& [pair, count] : pairs) words.push_back(pair + " (" + std::to_string(count) + ")");
  TRY(const auto caught, found_broken(world, kept));
  return passed("The running services keep " + std::to_string(kept.results.size()) +
                " interactions: " + in_words(words) + ". " + caught);
}

}  // namespace verify::contracts
