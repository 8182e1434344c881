#include "cli/contract/temporary_project.hpp"

#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>

#include "supervisor/spec/load_options.hpp"

namespace contract {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "contract-test-";
constexpr const char* start_patience = "120";

std::vector<std::string> msctl_words(const cli::Place& place, const std::string& verb) {
  std::error_code failed;
  const fs::path self = fs::read_symlink("/proc/self/exe", failed);
  return {failed ? "msctl" : self.string(), "--project", place.options.project, verb};
}

// A temporary file's name that goes with the object.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (fs::temp_directory_path() / "msctl-contract-XXXXXX").string();
    if (const int file = ::mkstemp(pattern.data()); file >= 0) ::close(file);
    path_ = pattern;
  }
  Scratch(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  const fs::path& path() const { return path_; }
  std::string text() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  fs::path path_;
};

// What `up` printed when it failed: a sentence for each interaction, and the blocks about what failed, once. They name
// a log that goes with the project, and its lines are in the block.
struct Failure {
  std::string cause;
  std::vector<std::string> blocks;
};

Failure read_failure(const std::string& text) {
  Failure failure;
  std::istringstream lines(text);
  std::string last = "it did not say why";
  std::string logged;  // its last words
  for (std::string line; std::getline(lines, line);) {
    if (line.find_first_not_of(' ') == std::string::npos) continue;
    last = line;
    const auto word = line.substr(0, 9);
    if (word == "  cause  " && failure.cause.empty()) failure.cause = line.substr(word.size());
    if (line.starts_with("         | ")) logged = line.substr(11, 200);
    const bool begins = line.ends_with("failed") && line.front() != ' ';
    if (word == "  next   " || (!begins && failure.blocks.empty())) continue;
    failure.blocks.push_back(word == "  log    " ? word + "its last lines" : line);
  }
  if (failure.cause.empty()) failure.cause = last;
  if (!logged.empty()) failure.cause += " (" + logged + ")";
  return failure;
}

void end_project(const cli::Place& place) {
  std::error_code failed;
  if (!fs::exists(place.state, failed)) return;
  // Not to be cut short: a second Ctrl-C must leave nothing behind.
  const cli::Cancel never;
  const Scratch log;
  auto down = msctl_words(place, "down");
  down.insert(down.end(), {"--file", place.file.string()});
  (void)cli::run_program(down, place.root, log.path(), never);
  fs::remove_all(place.state, failed);
}

cli::Place as_project(const cli::Place& place, const std::string& project) {
  cli::Place copy = place;
  copy.options.project = project;
  copy.state = place.root / ".msctl" / "projects" / project;
  return copy;
}

void sweep(const cli::Place& place) {
  std::vector<std::string> lost;
  std::error_code failed;
  for (fs::directory_iterator at(place.root / ".msctl" / "projects", failed), end; !failed && at != end;
       at.increment(failed)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    pid_t owner = 0;
    const auto read = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), owner);
    const bool is_alive = read.ec != std::errc() || owner <= 0 || ::kill(owner, 0) == 0 || errno == EPERM;
    if (!is_alive) lost.push_back(name);
  }
  for (const auto& name : lost) end_project(as_project(place, name));
}

}  // namespace

base::Result<std::unique_ptr<TemporaryProject>> TemporaryProject::start(const cli::Place& place,
                                                                        const std::vector<std::string>& services,
                                                                        bool build, const cli::Cancel& cancel,
                                                                        const Say& say) {
  sweep(place);
  std::unique_ptr<TemporaryProject> made(
      new TemporaryProject(as_project(place, std::string(prefix) + std::to_string(::getpid()))));
  auto up = msctl_words(made->place_, "up");
  up.insert(up.end(), {"-d", "--wait", "--wait-timeout", start_patience});
  if (build) up.emplace_back("--build");
  for (const auto& file : place.options.files) up.insert(up.end(), {"-f", file.string()});
  for (const auto& profile : place.options.profiles) up.insert(up.end(), {"--profile", profile});
  for (const auto& file : place.options.env_files) up.insert(up.end(), {"--env-file", file.string()});
  std::string names;
  for (const auto& name : services) {
    names += (names.empty() ? "" : ", ") + name;
    up.push_back(name);
  }
  say("starting " + names + " with what is required, with data of their own");
  const Scratch log;
  TRY(const int status, cli::run_program(up, place.root, log.path(), cancel));
  if (cancel.requested()) return base::fail(base::ErrorCode::cancelled, "interrupted");
  if (status == 0) return made;
  const Failure failure = read_failure(log.text());
  for (const auto& line : failure.blocks) say(line);
  const bool unbuilt = !build && failure.cause.ends_with("No such file or directory");
  return base::fail(base::ErrorCode::internal,
                    names + " could not be started: " + failure.cause + "; " +
                        (unbuilt ? "--build builds it first" : "see it with: msctl up " + services.front()));
}

TemporaryProject::~TemporaryProject() { end_project(place_); }

}  // namespace contract
