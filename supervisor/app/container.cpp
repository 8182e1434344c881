#include "supervisor/app/container.hpp"

#include <algorithm>

#include "supervisor/app/workspace.hpp"
#include "supervisor/posix/program.hpp"
#include "supervisor/spec/port_variable.hpp"

namespace app {
namespace {

constexpr std::chrono::milliseconds engine_timeout{10'000};

constexpr const char* more_arguments = "MSCTL_CONTAINER_ARGS";

struct Engine {
  std::string program;
  bool is_podman = false;
};

base::Result<Engine> engine_of(const spec::Service& service, const std::map<std::string, std::string>& env) {
  std::vector<std::string> path;
  if (const auto found = env.find("PATH"); found != env.end()) path.push_back("PATH=" + found->second);
  for (const char* name : {"podman", "docker"}) {
    if (auto program = posix::find_program(name, path)) return Engine{program.value(), std::string("podman") == name};
  }
  return base::fail(base::ErrorCode::not_found,
                    "the image " + service.image + " needs podman or docker: apt-get install podman");
}

ports::Question engine_asked(const ports::SpawnSpec& spawn, const std::filesystem::path& root,
                             std::vector<std::string> arguments) {
  ports::Question question;
  question.kind = spec::ProbeKind::exec;
  question.argv = std::move(arguments);
  question.argv.insert(question.argv.begin(), spawn.argv.at(0));
  question.env = spawn.env;
  question.folder = root;
  question.timeout = engine_timeout;
  return question;
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find(' ', start), text.size());
    if (end > start) words.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return words;
}

}  // namespace

base::Result<std::vector<std::string>> container_command(const spec::Cluster& cluster, const spec::Service& service,
                                                         const std::map<std::string, std::string>& env) {
  TRY(const Engine engine, engine_of(service, env));
  const std::string project = cluster.project.empty() ? cluster.name : cluster.name + "-" + cluster.project;
  std::vector<std::string> argv{engine.program,   "run",    "--rm",
                                "--network=host", "--name", "msctl-" + project + "-" + service.instance};
  if (engine.is_podman) argv.emplace_back("--replace");
  if (const auto more = env.find(more_arguments); more != env.end()) {
    for (auto& word : words_of(more->second)) argv.push_back(std::move(word));
  }
  const auto pass = [&](const std::string& name) { argv.insert(argv.end(), {"--env", name}); };
  for (const auto& [name, value] : service.env) {
    if (name != more_arguments) pass(name);
  }
  for (const auto& [name, port] : service.ports) pass(spec::port_variable(name));
  argv.push_back(service.image);
  return argv;
}

ports::Question engine_question(const ports::SpawnSpec& spawn, const std::filesystem::path& root) {
  return engine_asked(spawn, root, {"info"});
}

ports::Question container_removal(const ports::SpawnSpec& spawn, const std::filesystem::path& root) {
  const auto name = std::find(spawn.argv.begin(), spawn.argv.end(), "--name") + 1;
  return engine_asked(spawn, root, {"rm", "--force", *name});
}

}  // namespace app
