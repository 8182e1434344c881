#include "cli/machine/cluster_checks.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "base/joined.hpp"
#include "cli/machine/process_facts.hpp"
#include "supervisor/posix/file.hpp"
#include "supervisor/posix/port_table.hpp"
#include "supervisor/posix/process_tree.hpp"

namespace machine {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t little_room_mib = 1024;
constexpr std::uint64_t no_room_mib = 64;

// Debian packages of programs whose package has another name.
const std::map<std::string, std::string>& packages() {
  static const std::map<std::string, std::string> names{{"postgres", "postgresql"},
                                                        {"psql", "postgresql-client"},
                                                        {"node", "nodejs"},
                                                        {"ninja", "ninja-build"},
                                                        {"redis-cli", "redis-tools"},
                                                        {"java", "default-jre"},
                                                        {"go", "golang-go"},
                                                        {"g++", "g++"},
                                                        {"pg_ctl", "postgresql"},
                                                        {"mysqld", "mariadb-server"},
                                                        {"cargo", "cargo"},
                                                        {"npm", "npm"},
                                                        {"nginx", "nginx"},
                                                        {"haproxy", "haproxy"},
                                                        {"python", "python-is-python3"},
                                                        {"make", "make"},
                                                        {"python3", "python3"},
                                                        {"cmake", "cmake"},
                                                        {"podman", "podman"},
                                                        {"bash", "bash"},
                                                        {"nats-server", "nats-server"},
                                                        {"redis-server", "redis-server"}};
  return names;
}

struct Need {
  std::set<std::string> of;  // who needs it
  fs::path folder;
  Environment environment;
  bool built = false;  // a build command may make it
  std::string problem;
};

class Needs {
 public:
  explicit Needs(const spec::Cluster& cluster) : cluster_(cluster) {}

  void add(const std::string& who, const std::string& service, const std::string& program, const fs::path& folder,
           bool built) {
    const auto resolved = spec::resolve(cluster_, service, program);
    const std::string name = resolved ? resolved.value() : program;
    const bool relative = name.find('/') != std::string::npos && name.front() != '/';
    Need& need = needs_[relative ? (folder / name).lexically_normal().string() : name];
    need.of.insert(who);
    need.folder = folder;
    need.built = need.built || built;
    need.environment = environment_for(service);
    if (!resolved) need.problem = resolved.error().message;
  }

  Findings check() const {
    Findings findings;
    for (const auto& [program, need] : needs_) findings.push_back(check_one(program, need));
    return findings;
  }

 private:
  Environment environment_for(const std::string& service) const {
    Environment environment = own_environment();
    const auto found = cluster_.services.find(service);
    if (found == cluster_.services.end() || !found->second.env.contains("PATH")) return environment;
    const auto path = spec::resolve(cluster_, service, found->second.env.at("PATH"));
    if (path) environment.push_back("PATH=" + path.value());
    return environment;
  }

  static Finding check_one(const std::string& program, const Need& need) {
    const std::string check = "program " + fs::path(program).filename().string();
    const std::string needed = " (for " + base::joined(need.of) + ")";
    if (!need.problem.empty()) return {check, Level::fail, need.problem + needed, "set that variable"};
    const auto found = find_program(program, need.environment, need.folder);
    if (found) return {check, Level::ok, found.value() + needed, ""};
    if (need.built) return {check, Level::warn, "not built yet: " + program + needed, "msctl up --build"};
    const auto package = packages().find(program);
    std::string remedy = "put its folder into PATH, or find its package: apt-cache search " + program;
    if (package != packages().end()) remedy = "apt-get install " + package->second;
    if (program.find('/') != std::string::npos) remedy = "correct `command` of " + base::joined(need.of);
    return {check, Level::fail, found.error().message + needed, remedy};
  }

  const spec::Cluster& cluster_;
  std::map<std::string, Need> needs_;
};

// The process that holds the lock, as /proc/locks tells it, or 0.
pid_t lock_holder(const fs::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return 0;
  std::istringstream lines(posix::read_small_file("/proc/locks"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string number;
    std::string kind;
    std::string mode;
    std::string access;
    std::string where;
    pid_t pid = 0;
    if (!(fields >> number >> kind >> mode >> access >> pid >> where) || kind != "FLOCK") continue;
    if (where.ends_with(":" + std::to_string(info.st_ino))) return pid;
  }
  return 0;
}

// As for a start: podman, or docker where that is what there is.
std::string container_engine() {
  if (find_program("podman", own_environment(), {})) return "podman";
  return find_program("docker", own_environment(), {}) ? "docker" : "podman";
}

}  // namespace

Findings check_programs(const spec::Cluster& cluster) {
  Needs needs(cluster);
  for (const auto& [name, service] : cluster.services) {
    if (service.source == spec::Source::command && !service.command.empty()) {
      needs.add(name, name, service.command.front(), service.folder, service.build.has_value());
    }
    if (service.source == spec::Source::image) needs.add(name, name, container_engine(), cluster.root, false);
    if (service.build && !service.build->command.empty()) {
      needs.add("build of " + name, name, service.build->command.front(), cluster.root, false);
    }
  }
  for (const auto& [name, command] : cluster.commands) {
    if (!command.command.empty()) needs.add("msctl " + name, "", command.command.front(), cluster.root, false);
  }
  return needs.check();
}

Findings check_ports(const spec::Cluster& cluster) {
  Findings findings;
  posix::PortTable table;
  for (const auto& [service, one] : cluster.services) {
    if (one.source == spec::Source::external) continue;
    for (const auto& [port, number] : one.ports) {
      if (number == 0) continue;
      const std::string check = "port " + std::to_string(number);
      const std::string whose = " (" + service + "." + port + ")";
      const auto owner = table.owner(number);
      if (!owner) {
        findings.push_back({check, Level::ok, "free" + whose, ""});
      } else if (owner->pid != 0 && posix::environment_value(owner->pid, "MSCTL_STATE") == cluster.state.string()) {
        findings.push_back({check, Level::ok, "held by this cluster" + whose, ""});
      } else if (owner->pid == 0) {
        findings.push_back({check, Level::fail, "taken by a process of another user" + whose,
                            "ss -ltnp 'sport = :" + std::to_string(number) + "'   (as root)"});
      } else {
        findings.push_back({check, Level::fail,
                            "taken by pid " + std::to_string(owner->pid) + " (" + owner->command + ")" + whose,
                            "kill " + std::to_string(owner->pid) + "   (or give " + service + " another port)"});
      }
    }
  }
  return findings;
}

Findings check_events(const spec::Cluster& cluster) {
  std::map<std::string, std::set<std::string>> consumers;
  for (const auto& [name, service] : cluster.services) {
    for (const auto& type : service.consumes) consumers[type].insert(name);
  }
  for (const auto& [name, service] : cluster.services) {
    for (const auto& type : service.publishes) consumers.erase(type);
  }
  Findings findings;
  for (const auto& [type, services] : consumers) {
    findings.push_back({"event " + type, Level::warn,
                        "no service says to publish it (for " + base::joined(services) + ")",
                        "name it under `publishes` of the service that does, unless that is elsewhere"});
  }
  return findings;
}

Findings check_leftovers(const spec::Cluster& cluster, bool answers) {
  if (answers) return {{"supervisor", Level::ok, "runs and answers", ""}};
  Findings findings;
  const fs::path control = cluster.state / "control";
  const pid_t holder = lock_holder(control / "supervisor.lock");
  if (holder != 0) {
    findings.push_back({"supervisor", Level::fail,
                        "pid " + std::to_string(holder) + " has the lock and does not answer",
                        "kill " + std::to_string(holder)});
  }
  std::set<std::string> left;
  for (const auto& one : processes_of_cluster(cluster.state)) {
    left.insert(one.service + " (pid " + std::to_string(one.pid) + ")");
  }
  if (!left.empty()) {
    findings.push_back({"leftovers", Level::warn, "run without a supervisor: " + base::joined(left),
                        "msctl up   (goes on with them; msctl down ends them)"});
  }
  std::error_code ignored;
  if (holder == 0 && fs::exists(control / "supervisor.sock", ignored)) {
    findings.push_back(
        {"socket", Level::warn, "a killed supervisor left " + (control / "supervisor.sock").string(), "msctl down"});
  }
  if (findings.empty()) return {{"supervisor", Level::ok, "does not run; nothing is left of an earlier one", ""}};
  return findings;
}

Finding check_disk(const spec::Cluster& cluster) {
  std::error_code ignored;
  const fs::path where = fs::exists(cluster.state, ignored) ? cluster.state : cluster.root;
  struct statvfs room {};
  if (::statvfs(where.c_str(), &room) != 0) {
    return {"disk", Level::warn, "cannot read the room at " + where.string(), "df -h " + where.string()};
  }
  const std::uint64_t free_mib = static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize >> 20U;
  const std::string text = std::to_string(free_mib) + " MiB free at " + where.string();
  if (free_mib >= little_room_mib) return {"disk", Level::ok, text, ""};
  return {"disk", free_mib < no_room_mib ? Level::fail : Level::warn, text, "du -xsh " + where.string() + "/*"};
}

}  // namespace machine
