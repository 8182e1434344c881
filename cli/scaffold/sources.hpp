#pragma once
// Where a template comes from: msctl's own (or the workspace's folder `templates`), a folder, or a git repository.
// Reads the disk and asks git; blocking.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/scaffold/template.hpp"

namespace scaffold {

inline constexpr const char* shipped = "msctl";

// `asked`: a name (cpp-service), a folder (./mine, ../x, /x/y: below `here`), or git+URL[//FOLDER][@REF].
// Template::from is how an answers file in `root` can name it: `msctl`, a path from `root`, or the git+ text. Errors:
// not_found with what there is; invalid and conflict (a mistake or a symbolic link in it); unavailable (git failed,
// with its words).
base::Result<Template> find_template(const std::string& asked, const std::filesystem::path& root,
                                     const std::filesystem::path& here);

// What find_template() takes for the template `name` with that Template::from.
std::string how_to_ask(const std::string& from, const std::string& name);

// Names and descriptions of the templates of that kind, for messages and completion.
std::vector<Template> known_templates(const std::filesystem::path& root, Kind kind);

// No change in git below these paths (relative to `root`) that is not committed. Errors: conflict with the next step:
// no repository, or what is changed.
base::Result<void> check_committed(const std::filesystem::path& root, const std::vector<std::string>& paths);

}  // namespace scaffold
