#include "cli/api/descriptors.hpp"

#include <sstream>

#include "cli/program/program.hpp"

namespace api {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using base::Json;

Json line_of(const Query& query, std::size_t id, bool from_folder) {
  Json line = Json::object();
  line["op"] = "describe";
  line["id"] = id;
  const std::string prefix = from_folder ? query.folder + "/" : "";
  std::vector<std::string> roots;
  if (from_folder) roots.push_back((query.root / query.folder).string());
  roots.push_back(query.root.string());
  line["descriptors"]["roots"] = roots;
  for (const auto& file : query.files) line["descriptors"]["files"].push_back(file.substr(prefix.size()));
  return line;
}

base::Result<std::vector<Json>> ask(const std::vector<Json>& lines) {
  std::vector<Json> answers;
  if (lines.empty()) return answers;
  TRY(const auto helper, program::helper("msctl-grpc"));
  program::Options options;
  for (const auto& line : lines) options.input += base::dump_json(line) + "\n";
  TRY(const auto output, program::ask({helper.string(), "call"}, options));
  std::istringstream in(output.out);
  for (std::string line; std::getline(in, line);) {
    TRY(auto answer, base::parse_json(line, 256));
    answers.push_back(std::move(answer));
  }
  if (output.exit_code != 0 || answers.size() != lines.size()) {
    return base::fail(ErrorCode::internal,
                      "msctl-grpc ended early (exit code " + std::to_string(output.exit_code) + "): " + output.err);
  }
  return answers;
}

bool is_missing_import(const Json& answer) {
  return answer.value("ok", false) == false && answer.value("error", "").ends_with("is not there");
}

}  // namespace

base::Result<std::vector<Interface>> read_interfaces(const std::vector<Query>& queries) {
  std::vector<Json> lines;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (!queries[i].files.empty()) lines.push_back(line_of(queries[i], i, false));
  }
  TRY(auto answers, ask(lines));
  std::vector<Json> again;
  for (const auto& answer : answers) {
    const auto index = answer.at("id").get<std::size_t>();
    if (is_missing_import(answer)) again.push_back(line_of(queries[index], index, true));
  }
  TRY(const auto second, ask(again));
  std::vector<Interface> interfaces(queries.size());
  std::vector<bool> from_folder(queries.size(), false);
  std::vector<const Json*> best(queries.size(), nullptr);
  for (const auto& answer : answers) best[answer.at("id").get<std::size_t>()] = &answer;
  for (const auto& answer : second) {
    const auto index = answer.at("id").get<std::size_t>();
    if (is_missing_import(answer)) continue;  // what was said first stands
    best[index] = &answer;
    from_folder[index] = true;
  }
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (best[i] == nullptr) continue;
    if (!best[i]->value("ok", false))
      return base::fail(ErrorCode::malformed, queries[i].when + (from_folder[i] ? queries[i].folder + "/" : "") +
                                                  best[i]->value("error", "msctl-grpc failed"));
    TRY(interfaces[i], read_interface(best[i]->at("descriptors"), from_folder[i] ? queries[i].folder + "/" : ""));
  }
  return interfaces;
}

}  // namespace api
