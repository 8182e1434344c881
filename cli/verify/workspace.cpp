#include "cli/verify/workspace.hpp"

#include <algorithm>
#include <fstream>
#include <set>

#include "supervisor/spec/yaml.hpp"

namespace verify {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;

constexpr std::size_t most_files = 20'000;
constexpr const char* digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
constexpr const char* commit = "0123456789012345678901234567890123456789";

base::Error cannot(const std::string& what, const std::error_code& error) {
  return base::fail(ErrorCode::internal, "cannot " + what + ": " + error.message());
}

bool is_below(const fs::path& path, const fs::path& folder) {
  const auto relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

base::Result<void> copy_one(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  if (error) return cannot("make " + to.parent_path().string(), error);
  fs::copy(from, to, fs::copy_options::copy_symlinks | fs::copy_options::overwrite_existing, error);
  if (error) return cannot("copy " + from.string(), error);
  return base::success();
}

base::Result<void> copy_folder(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::is_directory(from, error)) return base::success();
  fs::create_directories(to.parent_path(), error);
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
  if (error) return cannot("copy " + from.string(), error);
  return base::success();
}

// `git WORDS…`; errors: unsupported, with what git said.
base::Result<std::string> git(World& world, std::vector<std::string> words, const fs::path& folder) {
  Ask ask;
  ask.argv = {"git",
              "-c",
              "user.name=msctl verify",
              "-c",
              "user.email=verify@checks.msctl.invalid",
              "-c",
              "commit.gpgsign=false",
              "-c",
              "core.hooksPath=/dev/null"};
  ask.argv.insert(ask.argv.end(), words.begin(), words.end());
  ask.folder = folder;
  auto output = world.run(ask);
  if (!output && output.error().code == ErrorCode::not_found) {
    return base::fail(ErrorCode::unsupported, "git is not installed");
  }
  TRY(auto done, std::move(output));
  if (done.exit_code != 0) {
    return base::fail(ErrorCode::unsupported, "git " + words.front() + ": " + done.err.substr(0, done.err.find('\n')));
  }
  return std::move(done.out);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    if (end > at) parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

Copy copy_at(World& world, const fs::path& folder) {
  Copy copy{folder, {}};
  const auto& root = world.cluster().root;
  for (const auto& file : world.chosen().files) {
    copy.files.push_back(is_below(file, root) ? folder / file.lexically_relative(root) : file);
  }
  return copy;
}

}  // namespace

bool is_of(const Copy& copy, const fs::path& path) {
  return is_below((copy.folder / path).lexically_normal(), copy.folder.lexically_normal());
}

base::Result<Copy> copy_description(World& world, const fs::path& to) {
  const auto& cluster = world.cluster();
  std::vector<fs::path> files = world.chosen().files;
  files.insert(files.end(), cluster.files.begin(), cluster.files.end());
  for (const auto& file : files) {
    if (!is_below(file, cluster.root)) continue;
    TRY(copy_one(file, to / file.lexically_relative(cluster.root)));
  }
  std::set<fs::path> homes{cluster.root};
  for (const auto& [name, service] : cluster.services) homes.insert(service.home);
  for (const auto& home : homes) {
    if (home != cluster.root && !is_below(home, cluster.root)) continue;
    const auto place = to / home.lexically_relative(cluster.root);
    for (const char* folder : {"manifests", "pipelines", "events"}) {
      TRY(copy_folder(home / folder, place / folder));
    }
    std::error_code missing;
    if (!fs::is_regular_file(home / "compatibility.yaml", missing)) continue;
    TRY(copy_one(home / "compatibility.yaml", place / "compatibility.yaml"));
  }
  return copy_at(world, to);
}

base::Result<Copy> copy_repository(World& world, const fs::path& to) {
  const auto& root = world.cluster().root;
  TRY(const auto list, git(world, {"ls-files", "--cached", "--others", "--exclude-standard", "-z"}, root));
  const auto names = split(list, '\0');
  if (names.size() > most_files) {
    return base::fail(ErrorCode::unsupported, std::to_string(names.size()) + " files are too many to copy");
  }
  for (const auto& name : names) {
    std::error_code gone;
    if (!fs::exists(fs::symlink_status(root / name, gone))) continue;  // removed, and not committed yet
    TRY(copy_one(root / name, to / name));
    TRY(world.may_go_on());
  }
  TRY(git(world, {"init", "-q"}, to));
  TRY(git(world, {"add", "-A"}, to));
  TRY(git(world, {"commit", "-q", "-m", "as it is"}, to));
  return copy_at(world, to);
}

base::Result<void> write_environment(World& world, const Copy& copy) {
  const auto image = [](const std::string& name) { return "registry.example.com/" + name + "@" + digest; };
  base::Json environment{{"image_prefix", "registry.example.com/verify"}, {"tag", "verify"}};
  for (const char* key : {"base_image", "build_image", "proxy_image"}) environment[key] = image("any");
  for (const char* key : {"checkout", "setup_buildx", "login", "build_push", "sbom", "cosign"}) {
    environment["actions"][key] = commit;
  }
  environment["ci"] = {
      {"test", {"true"}}, {"contract_test", base::Json::array()}, {"schema_check", base::Json::array()}};
  for (const char* key : {"build_image", "image_tools", "deploy_tools"}) environment["ci"][key] = image("any");
  for (const auto& [name, service] : world.cluster().services) {
    if (service.build || service.source != spec::Source::command) continue;
    environment["services"][name] = {{"image", image(name)}, {"command", {"run"}}};
  }
  std::error_code error;
  const fs::path folder = copy.folder / "environments";
  fs::create_directories(folder, error);
  std::ofstream file(folder / (std::string(environment_name) + ".yaml"));
  file << base::dump_json_pretty(environment);
  file.close();
  if (!file) return base::fail(ErrorCode::internal, "cannot write " + folder.string());
  return base::success();
}

base::Result<program::Output> run_msctl(World& world, const std::vector<std::string>& words, const Copy& copy) {
  Ask ask;
  ask.argv = {world.msctl()};
  ask.argv.insert(ask.argv.end(), words.begin(), words.end());
  for (const auto& file : copy.files) ask.argv.insert(ask.argv.end(), {"-f", file.string()});
  for (const auto& profile : world.chosen().profiles) ask.argv.insert(ask.argv.end(), {"--profile", profile});
  ask.folder = copy.folder;
  return world.run(ask);
}

base::Result<std::vector<base::Json>> read_documents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::fail(ErrorCode::not_found, path.filename().string() + " was not rendered");
  std::vector<base::Json> documents;
  std::string text;
  std::string line;
  const auto take = [&]() -> base::Result<void> {
    if (text.find_first_not_of(" \n") == std::string::npos) return base::success();
    TRY(auto document, spec::parse_yaml(text, path.filename().string()));
    if (!document.value.is_null()) documents.push_back(std::move(document.value));
    text.clear();
    return base::success();
  };
  while (std::getline(file, line)) {
    if (line == "---") {
      TRY(take());
    } else {
      text += line + "\n";
    }
  }
  TRY(take());
  return documents;
}

base::Result<base::Json> read_document(const fs::path& path) {
  TRY(auto documents, read_documents(path));
  if (documents.empty()) return base::fail(ErrorCode::not_found, path.filename().string() + " is empty");
  return std::move(documents.front());
}

}  // namespace verify
