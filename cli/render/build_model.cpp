#include <filesystem>

#include "cli/render/service_model.hpp"
#include "cli/render/sources.hpp"

namespace render {
namespace {

namespace fs = std::filesystem;
using base::Json;

constexpr std::string_view bin_folder = "${dir:bin}/";
constexpr std::string_view root_folder = "${dir:root}/";

// As a shell reads it, each word as it is.
std::string shell_line(const std::vector<std::string>& words) {
  static constexpr std::string_view usual = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:@%+,";
  std::string line;
  for (const auto& word : words) {
    line += line.empty() ? "" : " ";
    if (!word.empty() && word.find_first_not_of(usual) == std::string::npos) {
      line += word;
      continue;
    }
    line += "'";
    for (const char c : word) line += c == '\'' ? "'\\''" : std::string(1, c);
    line += "'";
  }
  return line;
}

// Each as the two words of a COPY, in JSON.
Json copies(const std::vector<std::string>& sources) {
  Json list = Json::array();
  for (const auto& source : sources) {
    list.push_back({{"path", source}, {"words", base::dump_json(Json::array({source, source}))}});
  }
  return list;
}

// Globs of what a change must touch to affect the service.
Json changes(const spec::Cluster& cluster, const spec::Service& service, const std::string& environment) {
  const auto near = [&](const fs::path& path) { return path.lexically_relative(cluster.root).string(); };
  Json globs = service.build->inputs;
  if (globs.empty()) globs.push_back(near(service.folder) + "/**");
  if (service.home != cluster.root) globs.push_back(near(service.home) + "/service.yaml");
  for (const std::string& one : {std::string("msctl.yaml"), environment, std::string("manifests/**")})
    globs.push_back(one);
  for (auto& glob : globs) {
    // GitLab takes a folder by its name for a file.
    const auto text = glob.get<std::string>();
    std::error_code failed;
    if (fs::is_directory(cluster.root / text, failed)) glob = text + "/**";
  }
  return globs;
}

// Where the build leaves the program, relative to msctl.yaml; empty when that is elsewhere.
std::string made_by_build(const spec::Cluster& cluster, const spec::Service& service) {
  const std::string& word = service.command.front();
  fs::path made = service.folder / word;
  if (word.starts_with(bin_folder)) made = cluster.bin / word.substr(bin_folder.size());
  if (word.starts_with(root_folder)) made = cluster.root / word.substr(root_folder.size());
  made = made.lexically_normal();
  const std::string relative = made.lexically_relative(cluster.root).string();
  const bool is_ours = !relative.empty() && !relative.starts_with("..") && word.find('/') != std::string::npos;
  return is_ours ? relative : std::string();
}

}  // namespace

Json build_model(const Around& around, const spec::Service& service) {
  const std::string program = fs::path(service.command.front()).filename().string();
  const std::string path = std::string(app_folder) + "/bin/" + program;
  const std::string made = made_by_build(around.cluster, service);
  Json build{{"program", program}, {"path", path}, {"made", made.empty() ? Json() : Json(made)}};
  build["made_word"] = base::dump_json(made);
  build["words"] = base::dump_json(service.build->command);
  build["entrypoint_words"] = base::dump_json(Json::array({path}));
  build["line"] = shell_line(service.build->command);
  build["sources"] = copies(sources_of(around.cluster, service));
  build["changes"] = changes(around.cluster, service, around.environment.file);
  const Json& setup = around.environment.get("setup");
  build["setup_words"] = setup.is_object() ? base::dump_json(setup["command"]) : "";
  build["setup_sources"] = Json::array();
  build["setup_missing"] = Json::array();
  if (setup.is_object() && setup.contains("inputs")) {
    for (const auto& input : setup["inputs"]) {
      if (sources_of(around.cluster.root, {input.get<std::string>()}).empty()) build["setup_missing"].push_back(input);
    }
    build["setup_sources"] = copies(sources_of(around.cluster.root, setup["inputs"].get<std::vector<std::string>>()));
  }
  return build;
}

}  // namespace render
