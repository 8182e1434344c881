#pragma once
// A template: a folder with template.yaml (what it is and what it asks) and files/ (what it makes). Read and checked
// whole before anything of it is used; docs/scaffolding.md describes the format. Plain values; reads the disk.

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/files/files.hpp"
#include "cli/scaffold/naming.hpp"

namespace scaffold {

enum class Kind : std::uint8_t { service, workspace };

// What a template asks. Some names are known to msctl, which checks their values and derives more variables from them
// (see variables.hpp): db, publishes, consumes, calls, resource, port, grpc_port.
struct Parameter {
  std::string name;
  std::string help;
  std::optional<std::string> fallback;  // without one it must be given; a list falls back to the empty one
  std::string pattern;                  // base::Pattern; empty: any text
  std::vector<std::string> choices;     // empty: any text
  bool is_list = false;
  bool is_required = false;  // a list must not be empty
};

// Files whose path within files/ matches are made only when the variable is true (`!name`: only when it is not), or
// once for each item of a list, whose fields they see.
struct FileRule {
  std::string path;  // glob: * and ? within a name, ** across folders
  std::string when;  // or empty
  std::string each;  // or empty
};

// Files of another template, as if they were this one's own.
struct Borrowing {
  std::string from;  // name of the template
  std::string path;  // glob
};

struct Template {
  std::string name;
  std::string version;
  std::string description;
  Kind kind = Kind::service;
  std::vector<Parameter> parameters;
  std::vector<FileRule> rules;
  std::vector<Borrowing> borrows;
  std::vector<std::string> with;  // of a workspace: templates of services that it begins with
  std::vector<std::string> next;  // commands to go on with, as templates
  files::Tree files;              // below files/, as they lie there
  std::string from;               // how answers name where it came from
  std::string revision;           // of a git repository: the commit

  const Parameter* parameter(const std::string& name) const;
};

// Names that the template's texts may use.
std::set<std::string> known_variables(const Template& made);

// Gives the folder of the template of that name.
using Lend = std::function<base::Result<files::Tree>(const std::string& name)>;

// Errors: invalid and malformed with file and line: an unknown key, a name twice, a variable that does not exist, a
// section that is not closed; those of `lend`. Pure but for that.
base::Result<Template> parse_template(const files::Tree& folder, const std::string& from, const Lend& lend);

// Whether a template may make that path: a service's only services/STEM/ and docs/services/NAME.md, a workspace's all
// but .git and .msctl. Pure.
bool may_make(Kind kind, const ServiceName& name, const std::string& path);

// The files that the template makes of `data`, by path from the workspace's root. A file that ends in `.mustache` is
// rendered and loses that ending, any other is copied; paths are rendered, too. Errors: invalid: a variable that is not
// there, two files of one path, a path that it may not make. Pure.
base::Result<files::Tree> render_files(const Template& made, const base::Json& data);

// The commands to go on with, rendered. Pure.
base::Result<std::vector<std::string>> render_next(const Template& made, const base::Json& data);

// Whether the file is rendered, and not copied as it is.
bool is_rendered(const std::string& path);

bool glob_matches(std::string_view glob, std::string_view path);

}  // namespace scaffold
