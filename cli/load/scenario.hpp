#pragma once
// Scenario files: YAML, validated whole against scenario.schema.json, with mistakes as `load.yaml:7: steps[0].post: …`.
// The keys are described in docs/load.md.

#include <filesystem>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/load/plan.hpp"
#include "supervisor/spec/source.hpp"

namespace load {

extern const std::string_view embedded_scenario_schema;

const base::Json& scenario_schema();

struct ScenarioFile {
  spec::SourceFile source;
  base::Json document;  // what read_plan takes: data files read in, paths absolute
};

// `name` is how messages call it. Errors: not_found, permission, malformed with a mistake a line. A data file that
// cannot be read is a mistake of the line that names it.
base::Result<ScenarioFile> read_scenario(const std::filesystem::path& path, const std::string& name);

// The same of a text, without its files.
base::Result<ScenarioFile> parse_scenario(std::string_view text, const std::string& name);

// The plan of a file whose document was changed by the command line meanwhile. Errors: malformed, a mistake a line.
base::Result<Plan> check_scenario(const ScenarioFile& file);

}  // namespace load
