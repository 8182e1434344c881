#pragma once
// What can be rendered, and the forms that say how. A target is a folder of YAML files below manifests/ or pipelines/;
// each is a form with these keys:
//
//   path: kubernetes/${service.name}.yaml     where the file goes; `.json` makes JSON
//   each: {service: services}                 a file for each item of a list, under that name; without it, one file
//   when: EXPR                                only if that is true
//   requires: [{that: EXPR, message: TEXT}]   what must hold, and what to do about it
//   documents: [TEMPLATE…]                    YAML documents, or
//   lines: [TEMPLATE…]                        lines of text; lists within are flattened, a line never has a line break
//   dollars: doubled                          `$` in values is written `$$`, for readers that replace ${…}
//
// All but `each` and `when` are templates (template.hpp) over the model (model.hpp).

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/assets/assets.hpp"
#include "cli/files/files.hpp"
#include "supervisor/spec/source.hpp"

namespace render {

struct Target {
  std::string name;    // as --target takes it
  std::string kind;    // manifests or pipelines
  std::string folder;  // below it
  std::string help;
};

const std::vector<Target>& targets();

// Of the names given, all of them without a name twice; each may be several with commas. `names` empty: all but ci.
// Errors: invalid, with the nearest known name.
base::Result<std::vector<Target>> choose_targets(const std::vector<std::string>& names);

struct Form {
  std::string target;
  spec::SourceFile source;
};

// The forms of a target, by name; those of the workspace take the place of ours. Errors: not_found, malformed.
base::Result<std::vector<Form>> load_forms(const Target& target, const std::filesystem::path& workspace);

// A YAML document of a rendered file.
struct Object {
  std::string path;
  std::string target;
  base::Json value;
};

struct Rendered {
  files::Tree tree;
  std::map<std::string, std::string> target_of;  // path to name of the target
  std::vector<Object> objects;
};

// `services` not empty: only files that are made for each service, and only of these. Errors: invalid; every form that
// cannot be filled in with file, line and place.
base::Result<Rendered> render_forms(const std::vector<Form>& forms, const base::Json& model,
                                    const std::vector<std::string>& services = {});

}  // namespace render
