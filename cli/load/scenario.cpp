#include "cli/load/scenario.hpp"

#include "cli/load/csv.hpp"

namespace load {
namespace {

namespace fs = std::filesystem;
using base::Json;

constexpr std::size_t max_data_bytes = 64 << 20;

base::Result<ScenarioFile> validated(spec::SourceFile source) {
  ScenarioFile file{std::move(source), {}};
  file.document = file.source.document.value.is_null() ? Json::object() : file.source.document.value;
  spec::Problems problems;
  for (const auto& violation : spec::violations(scenario_schema(), file.document, spec::max_problems)) {
    problems.add(file.source, violation);
  }
  if (!problems.empty()) return problems.error();
  return file;
}

base::Result<Json> read_rows(const fs::path& path, const std::string& shown) {
  TRY(const auto text, spec::read_text(path, shown, max_data_bytes));
  if (path.extension() == ".csv") {
    auto rows = read_csv(text);
    if (!rows) return base::fail(base::ErrorCode::malformed, shown + ": " + rows.error().message);
    return rows;
  }
  auto json = base::parse_json(text);
  if (!json) return base::fail(base::ErrorCode::malformed, shown + ": " + json.error().message);
  if (!json.value().is_array()) return base::fail(base::ErrorCode::malformed, shown + ": expected a list of objects");
  for (const auto& row : json.value()) {
    if (!row.is_object()) return base::fail(base::ErrorCode::malformed, shown + ": expected a list of objects");
  }
  return json;
}

void read_data_files(ScenarioFile& file, const fs::path& folder, spec::Problems& problems) {
  if (!file.document.contains("data")) return;
  for (auto& [name, set] : file.document["data"].items()) {
    const std::string at = "/data/" + name;
    if (set.contains("file") == set.contains("rows")) {
      problems.add(file.source, at, "expected either `file` or `rows`");
      continue;
    }
    if (!set.contains("file")) continue;
    const auto shown = set["file"].get<std::string>();
    const std::string extension = fs::path(shown).extension();
    if (extension != ".csv" && extension != ".json") {
      problems.add(file.source, at + "/file", "expected a .csv or .json file, got \"" + shown + "\"");
      continue;
    }
    auto rows = read_rows(folder / shown, shown);
    if (!rows) {
      problems.add(file.source, at + "/file", rows.error().message);
      continue;
    }
    set["rows"] = std::move(rows).value();
    set.erase("file");
  }
}

// What the load program reads itself is found from any folder.
void make_absolute(Json& document, const fs::path& folder) {
  const auto fix = [&](Json& value) {
    value = fs::absolute(folder / value.get<std::string>()).lexically_normal().string();
  };
  if (document.contains("descriptors")) fix(document["descriptors"]);
  if (document.contains("protos")) {
    for (auto& file : document["protos"]) fix(file);
  }
  for (const char* key : {"ca", "certificate", "key"}) {
    if (document.contains("tls") && document["tls"].contains(key)) fix(document["tls"][key]);
  }
}

}  // namespace

const Json& scenario_schema() {
  static const Json schema = [] {
    auto parsed = base::parse_json(embedded_scenario_schema);
    return parsed ? std::move(parsed).value() : Json();
  }();
  return schema;
}

base::Result<ScenarioFile> read_scenario(const fs::path& path, const std::string& name) {
  TRY(auto source, spec::read_source(path, name));
  TRY(auto file, validated(std::move(source)));
  spec::Problems problems;
  read_data_files(file, path.parent_path(), problems);
  if (!problems.empty()) return problems.error();
  make_absolute(file.document, path.parent_path());
  return file;
}

base::Result<ScenarioFile> parse_scenario(std::string_view text, const std::string& name) {
  TRY(auto document, spec::parse_yaml(text, name));
  return validated({name, std::move(document)});
}

base::Result<Plan> check_scenario(const ScenarioFile& file) {
  auto reading = read_plan(file.document, false);
  if (reading.complaints.empty()) return std::move(reading.plan);
  spec::Problems problems;
  for (const auto& complaint : reading.complaints) problems.add(file.source, complaint.pointer, complaint.message);
  return problems.error();
}

}  // namespace load
