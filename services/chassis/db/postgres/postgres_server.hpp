#pragma once
// A real PostgreSQL for tests, with Debian's binaries and a cluster of its own in a temporary folder: a free port on
// 127.0.0.1, kept over restarts, everyone trusted but who is told to bring a password. It runs as `nobody` where the
// test is root, since it refuses to be that. Ends with its owner.

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace chassis::db {

class PostgresServer {
 public:
  PostgresServer() {
    auto name = (std::filesystem::temp_directory_path() / "msctl-postgres-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) die("no temporary folder");
    folder_ = name;
    if (const auto* user = ::geteuid() == 0 ? ::getpwnam("nobody") : nullptr; user != nullptr) {
      uid_ = user->pw_uid;
      gid_ = user->pw_gid;
      if (::chown(name.c_str(), uid_, gid_) != 0) die("chown");
    }
    const auto data = (folder_ / "data").string();
    run_to_end({binary("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"});
    std::ofstream(folder_ / "data" / "pg_hba.conf") << "host all with_password 127.0.0.1/32 scram-sha-256\n"
                                                       "host all all 127.0.0.1/32 trust\n";
    start();
  }
  ~PostgresServer() {
    if (pid_ > 0) kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  PostgresServer(const PostgresServer&) = delete;

  std::string url(const std::string& database, const std::string& user = "postgres") const {
    return "postgres://" + user + "@127.0.0.1:" + port_ + "/" + database;
  }
  const std::string& port() const { return port_; }
  const std::filesystem::path& folder() const { return folder_; }
  // To the server and all its processes, each of which leads a group of its own.
  void signal(int number) const {
    ::kill(pid_, number);
    const auto task = std::to_string(pid_);
    std::ifstream children("/proc/" + task + "/task/" + task + "/children");
    for (pid_t child = 0; children >> child;) ::kill(child, number);
  }
  // At once, as after a crash.
  void kill() {
    signal(SIGCONT);
    ::kill(pid_, SIGQUIT);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  // Returns when the server takes connections.
  void start() {
    for (int tries = 0; tries < 5; ++tries) {
      if (port_.empty()) port_ = free_port();
      const auto data = (folder_ / "data").string();
      pid_ = spawn({binary("postgres"), "-D", data, "-F", "-h", "127.0.0.1", "-p", port_, "-k", "", "-c",
                    "shared_buffers=16MB", "-c", "max_connections=60", "-c", "full_page_writes=off"});
      if (is_up()) return;
      ::waitpid(pid_, nullptr, 0);
      port_.clear();  // somebody was quicker
    }
    die("the server does not start");
  }

 private:
  [[noreturn]] void die(const std::string& why) const {
    std::fprintf(stderr, "PostgresServer: %s; its output is in %s/output\n", why.c_str(), folder_.c_str());
    std::abort();
  }

  static std::string binary(const std::string& name) {
    std::vector<std::string> found;
    std::error_code ignored;
    for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
      if (std::filesystem::exists(version.path() / "bin" / name)) found.push_back(version.path() / "bin" / name);
    }
    return found.empty() ? name : *std::max_element(found.begin(), found.end());
  }

  static std::string free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(fd);
    return std::to_string(ntohs(address.sin_port));
  }

  pid_t spawn(const std::vector<std::string>& words) const {
    std::vector<char*> argv;
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const auto output = (folder_ / "output").string();
    const auto parent = ::getpid();
    const auto pid = ::fork();
    if (pid != 0) return pid;
    if (uid_ != 0 && (::setgid(gid_) != 0 || ::setuid(uid_) != 0)) ::_exit(126);
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (::getppid() != parent || ::chdir("/") != 0) ::_exit(1);
    const int file = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(file, 1);
    ::dup2(file, 2);
    ::unsetenv("PGDATA");
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }

  void run_to_end(const std::vector<std::string>& words) const {
    int status = 0;
    if (::waitpid(spawn(words), &status, 0) < 0 || status != 0) die(words[0] + " failed, is `postgresql` installed?");
  }

  // postmaster.pid says so in its last line. False when the process has ended.
  bool is_up() const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < until) {
      siginfo_t info{};
      ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
      if (info.si_pid == pid_) return false;
      std::ifstream file(folder_ / "data" / "postmaster.pid");
      std::string first;
      std::string line;
      std::getline(file, first);
      while (std::getline(file, line) && !line.starts_with("ready")) {
      }
      if (first == std::to_string(pid_) && line.starts_with("ready")) return true;
      ::poll(nullptr, 0, 5);
    }
    die("it did not get ready in time");
  }

  std::filesystem::path folder_;
  std::string port_;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  pid_t pid_ = -1;
};

}  // namespace chassis::db
