// Pattern 12. The running providers keep the contracts that their consumers have with them; a contract that asks for
// one field more, in a copy, is found broken, with the field named. A gRPC call, whose contents are bytes in the file,
// is asked to fail instead.

#include <fstream>
#include <optional>

#include "cli/verify/patterns/patterns.hpp"
#include "cli/verify/services.hpp"
#include "supervisor/spec/mock.hpp"

namespace verify::contracts {
namespace {

namespace fs = std::filesystem;
using base::Json;

constexpr int broken_code = 5;  // docs/exit-codes.md
constexpr Ms patience{20'000};
constexpr const char* marker = "msctl_verify";

base::Error wrong(const std::string& what) { return base::fail(base::ErrorCode::invalid, what); }

bool has_contracts(const spec::Cluster& cluster) {
  std::error_code ignored;
  for (const auto& folder : spec::contract_folders(cluster)) {
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
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

// The JSON object that a response or a message of a Pact file of any version expects; nullptr when it is none.
Json* expected_object(Json& interaction) {
  Json* part = &interaction;
  if (const auto response = interaction.find("response"); response != interaction.end()) part = &*response;
  if (!part->is_object()) return nullptr;
  const auto found = part->contains("contents") ? part->find("contents") : part->find("body");
  if (found == part->end() || !found->is_object()) return nullptr;
  if (!found->contains("content")) return &*found;
  return found->at("content").is_object() ? &found->at("content") : nullptr;
}

// Changes what the interaction asks for to what no provider gives; what that is, in words, or empty.
std::string change(Json& interaction) {
  if (text_of(interaction, "type") == "Synchronous/Messages") {
    if (text_of(interaction, "transport") != "grpc") return "";
    interaction["response"] = Json::array({{{"metadata", {{"grpc-status", "DATA_LOSS"}, {"grpc-message", marker}}}}});
    return "to fail with DATA_LOSS";
  }
  Json* const object = expected_object(interaction);
  if (object == nullptr) return "";
  (*object)[marker] = "is asked for";
  return std::string("for the field ") + marker;
}

struct Broken {
  Json pact;  // the file with nothing but one interaction, which was changed
  std::string how;
  std::string named;  // what the result has to name
};

// nullopt when there is no such interaction that can be changed.
std::optional<Broken> broken(Json pact, const std::string& description, bool as_call) {
  for (auto& interaction : pact.value("interactions", Json::array())) {
    if (text_of(interaction, "description") != description) continue;
    if ((text_of(interaction, "type") == "Synchronous/Messages") != as_call) continue;
    const std::string how = change(interaction);
    if (how.empty()) continue;
    pact["interactions"] = Json::array({interaction});
    return Broken{std::move(pact), how, as_call ? "DATA_LOSS" : marker};
  }
  return std::nullopt;
}

Json read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  auto pact = base::parse_json(std::string(std::istreambuf_iterator<char>(in), {}));
  return pact && pact.value().is_object() ? std::move(pact.value()) : Json();
}

// nullopt when there is none that can be broken.
std::optional<Broken> break_one(const World& world, const Answer& kept, std::string& whose) {
  for (const bool as_call : {false, true}) {  // a field says more than a status
    for (const auto& result : kept.results) {
      if (text_of(result, "result") != "ok") continue;
      auto changed =
          broken(read(world.cluster().root / text_of(result, "source")), text_of(result, "interaction"), as_call);
      if (!changed) continue;
      whose = "\"" + text_of(result, "interaction") + "\" of " + text_of(result, "consumer") + " at " +
              text_of(result, "provider");
      return changed;
    }
  }
  return std::nullopt;
}

base::Result<std::string> found_broken(World& world, const Answer& kept) {
  TRY(const auto folder, world.scratch());
  std::string whose;
  const auto changed = break_one(world, kept, whose);
  if (!changed)
    return wrong("no contract expects a JSON object or an answer over gRPC, so none could be broken on purpose");
  const fs::path file = folder / "broken.json";
  std::ofstream(file, std::ios::binary) << base::dump_json_pretty(changed->pact);
  TRY(const auto answer, test(world, {"--file", file.string()}));
  const std::string what = whose + ", asked " + changed->how + " in a copy,";
  if (answer.code != broken_code) {
    return wrong(what + " was not found broken; contract-test ended with " + std::to_string(answer.code));
  }
  if (base::dump_json(answer.results).find(changed->named) == std::string::npos) {
    return wrong(what + " was found broken, but " + changed->named + " is not named");
  }
  return what + " was found broken, with " + changed->named + " named.";
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
                (kept.results.size() == 1 ? " interaction: " : " interactions: ") + in_words(words) + ". " + caught);
}

}  // namespace verify::contracts
