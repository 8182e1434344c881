#include "cli/scaffold/sources.hpp"

#include <algorithm>

#include "cli/assets/assets.hpp"
#include "cli/files/temporary_folder.hpp"
#include "cli/program/program.hpp"
#include "cli/scaffold/naming.hpp"

namespace scaffold {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;

constexpr std::string_view git_prefix = "git+";
constexpr std::size_t longest_asked = 1'000;

struct GitSource {
  std::string url;
  std::string folder;  // within the repository; empty: its root
  std::string ref;     // empty: HEAD
};

// git+https://host/repo.git//folder@v1; the @ of a user name comes before the last slash.
base::Result<GitSource> parse_git(const std::string& asked) {
  GitSource source;
  std::string rest = asked.substr(git_prefix.size());
  const auto refuse = [&asked](const std::string& why) {
    return base::fail(ErrorCode::invalid, "--template " + asked.substr(0, 200) + ": " + why +
                                              "; expected git+URL//FOLDER@REF, such as "
                                              "git+https://example.com/templates.git//cpp-service@v1");
  };
  if (const auto at = rest.rfind('@'); at != std::string::npos && rest.find('/', at) == std::string::npos) {
    source.ref = rest.substr(at + 1);
    rest.resize(at);
    if (source.ref.empty()) return refuse("nothing follows the @");
  }
  const auto scheme = rest.find("://");
  const auto parts = rest.find("//", scheme == std::string::npos ? 0 : scheme + 3);
  if (parts != std::string::npos) {
    source.folder = rest.substr(parts + 2);
    rest.resize(parts);
  }
  source.url = rest;
  const bool good_url = rest.starts_with("https://") || rest.starts_with("ssh://") || rest.starts_with("file:///");
  const bool clean = std::all_of(asked.begin(), asked.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  if (!good_url || !clean) return refuse("the URL begins with https://, ssh:// or file:///");
  if (!source.folder.empty()) {
    TRY(files::check_path(source.folder));
  }
  const bool good_ref = std::all_of(source.ref.begin(), source.ref.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-' || c == '/';
  });
  if (!good_ref || source.ref.starts_with("-")) return refuse("a reference is a branch, a tag or a commit");
  return source;
}

base::Result<std::string> git(const fs::path& folder, std::vector<std::string> words) {
  program::Options options;
  options.folder = folder;
  options.added = {{"GIT_TERMINAL_PROMPT", "0"}, {"GIT_ALLOW_PROTOCOL", "https:ssh:file"}};
  words.insert(words.begin(), {"git", "-c", "core.hooksPath=/dev/null"});
  TRY(auto output, program::ask(words, options));
  if (output.exit_code == 0) return std::move(output.out);
  std::string why = output.err.substr(0, output.err.find_last_not_of('\n') + 1);
  return base::fail(ErrorCode::unavailable, "git " + words[3] + " failed: " + why.substr(0, 500));
}

// Others are lent from where msctl's own ones are.
base::Result<Template> from_folder(const fs::path& folder, const std::string& from, const fs::path& root) {
  TRY(const auto tree, files::read_tree(folder));
  return parse_template(tree, from, [&root](const std::string& name) -> base::Result<files::Tree> {
    TRY(const auto shelf, assets::shelf("templates", root));
    TRY(const auto lender, assets::find(shelf, name));
    return files::read_tree(lender);
  });
}

base::Result<Template> from_git(const std::string& asked, const fs::path& root) {
  TRY(const auto source, parse_git(asked));
  TRY(const auto temp, files::TemporaryFolder::make("template"));
  TRY(git(temp.path(), {"init", "--quiet"}));
  TRY(git(temp.path(),
          {"fetch", "--quiet", "--depth", "1", "--", source.url, source.ref.empty() ? "HEAD" : source.ref}));
  TRY(git(temp.path(), {"checkout", "--quiet", "FETCH_HEAD"}));
  TRY(auto revision, git(temp.path(), {"rev-parse", "HEAD"}));
  std::error_code ignored;
  const fs::path folder = temp.path() / source.folder;
  const bool leads_out = fs::weakly_canonical(folder, ignored) != fs::canonical(temp.path(), ignored) / source.folder;
  if (!source.folder.empty() && (leads_out || !fs::is_directory(folder, ignored))) {
    return base::fail(ErrorCode::not_found, source.url + " has no folder " + source.folder);
  }
  TRY(auto made, from_folder(folder, asked, root));
  made.revision = revision.substr(0, revision.find('\n'));
  return made;
}

std::string names_of(const std::vector<Template>& templates) {
  std::string names;
  for (const auto& one : templates) names += (names.empty() ? "" : ", ") + one.name;
  return names;
}

}  // namespace

std::vector<Template> known_templates(const fs::path& root, Kind kind) {
  std::vector<Template> found;
  const auto shelf = assets::shelf("templates", root);
  if (!shelf) return found;
  for (const auto& name : assets::list(shelf.value())) {
    const auto folder = assets::find(shelf.value(), name);
    if (!folder) continue;
    auto read = from_folder(folder.value(), shipped, root);
    if (read && read.value().kind == kind) found.push_back(std::move(read).value());
  }
  return found;
}

base::Result<Template> find_template(const std::string& asked, const fs::path& root, const fs::path& here) {
  const bool clean = std::all_of(asked.begin(), asked.end(), [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
  if (!clean || asked.size() > longest_asked) {
    return base::fail(ErrorCode::invalid, "--template " + shown(asked) + " is neither a name nor a place");
  }
  if (asked.starts_with(git_prefix)) return from_git(asked, root);
  if (asked.find('/') != std::string::npos || asked.starts_with(".")) {
    const fs::path folder = (here / asked).lexically_normal();
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored)) {
      return base::fail(ErrorCode::not_found, "--template " + asked + ": there is no folder " + folder.string());
    }
    const std::string from = folder.lexically_relative(root).generic_string();
    return from_folder(folder, from.starts_with(".") ? from : "./" + from, root);
  }
  TRY(const auto shelf, assets::shelf("templates", root));
  const auto known = assets::list(shelf);
  if (std::find(known.begin(), known.end(), asked) != known.end()) {
    TRY(const auto folder, assets::find(shelf, asked));
    TRY(auto made, from_folder(folder, shipped, root));
    if (made.name == asked) return made;
    return base::fail(ErrorCode::invalid, folder.string() + "/template.yaml calls the template " + made.name);
  }
  const std::string services = names_of(known_templates(root, Kind::service));
  return base::fail(ErrorCode::not_found, "there is no template " + shown(asked) + "; there are " + services +
                                              ", or give a folder (./mine) or git+URL//FOLDER@REF");
}

std::string how_to_ask(const std::string& from, const std::string& name) { return from == shipped ? name : from; }

base::Result<void> check_committed(const fs::path& root, const std::vector<std::string>& paths) {
  program::Options options;
  options.folder = root;
  std::vector<std::string> words{"git",         "--literal-pathspecs",      "status",
                                 "--porcelain", "--untracked-files=normal", "--"};
  words.insert(words.end(), paths.begin(), paths.end());
  TRY(const auto output, program::ask(words, options));
  if (output.exit_code != 0) {
    return base::fail(ErrorCode::conflict,
                      "update needs the workspace in git, so that you can see and undo what it "
                      "does; run: git init && git add . && git commit -m \"Before the update\"");
  }
  if (output.out.empty()) return base::success();
  std::string changed = output.out.substr(0, output.out.find_last_not_of('\n') + 1);
  return base::fail(ErrorCode::conflict,
                    "there are changes that are not committed, and update does not mix with them; "
                    "commit or stash them first:\n" +
                        changed.substr(0, 2'000));
}

}  // namespace scaffold
