#pragma once
// A real nats-server for tests: JetStream in a temporary folder, a free port chosen by the server and kept over
// restarts. Ends with its owner.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/json.hpp"

namespace chassis::broker {

class NatsServer {
 public:
  NatsServer() {
    auto name = (std::filesystem::temp_directory_path() / "msctl-nats-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
    start();
  }
  ~NatsServer() {
    if (pid_ > 0) kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  NatsServer(const NatsServer&) = delete;

  const std::string& url() const { return url_; }
  pid_t pid() const { return pid_; }
  // Returns when it is stopped, after SIGSTOP.
  void signal(int number) const {
    ::kill(pid_, number);
    if (number == SIGSTOP) ::waitpid(pid_, nullptr, WUNTRACED);
  }
  void kill() {
    signal(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  // What it had is gone at the next start.
  void forget() const { std::filesystem::remove_all(folder_ / "store"); }
  // Returns when the server takes connections.
  void start() {
    const auto ports = folder_ / "ports";
    std::filesystem::remove_all(ports);
    std::filesystem::create_directory(ports);
    const auto parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
      const int null = ::open("/dev/null", O_RDWR);
      ::dup2(null, 1);
      ::dup2(null, 2);
      const auto store = (folder_ / "store").string();
      ::execlp("nats-server", "nats-server", "-a", "127.0.0.1", "-p", port_.c_str(), "-js", "-sd", store.c_str(),
               "--ports_file_dir", ports.c_str(), nullptr);
      ::_exit(127);
    }
    await_ports(ports / ("nats-server_" + std::to_string(pid_) + ".ports"));
  }

 private:
  void await_ports(const std::filesystem::path& file) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < until) {
      std::ifstream stream(file);
      const std::string text{std::istreambuf_iterator<char>(stream), {}};
      const auto document = base::parse_json(text);
      if (document && document.value().contains("nats")) {
        url_ = document.value()["nats"][0].get<std::string>();
        port_ = url_.substr(url_.rfind(':') + 1);
        return;
      }
      ::poll(nullptr, 0, 5);
    }
    std::abort();  // no nats-server: a test dependency is missing
  }

  std::filesystem::path folder_;
  std::string url_;
  std::string port_ = "-1";
  pid_t pid_ = -1;
};

}  // namespace chassis::broker
