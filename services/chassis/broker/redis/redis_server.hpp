#pragma once
// A real redis-server for tests: everything on disk before it is acknowledged, in a temporary folder, on a free port
// that is kept over restarts. Ends with its owner.

#include <arpa/inet.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

namespace chassis::broker {

class RedisServer {
 public:
  RedisServer() {
    auto name = (std::filesystem::temp_directory_path() / "msctl-redis-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
    for (int i = 0; i < 10; ++i) {  // another program may take the port first
      port_ = free_port();
      if (try_start()) return;
    }
    std::abort();  // no redis-server: a test dependency is missing
  }
  ~RedisServer() {
    if (pid_ > 0) kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  RedisServer(const RedisServer&) = delete;

  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }
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
  // Returns when the server takes commands.
  void start() {
    if (!try_start()) std::abort();
  }
  // What it had is gone at the next start.
  void forget() const {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }

 private:
  static int free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0) std::abort();
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(fd);
    return ntohs(address.sin_port);
  }

  bool try_start() {
    const auto parent = ::getpid();
    const auto port = std::to_string(port_);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
      const int null = ::open("/dev/null", O_RDWR);
      ::dup2(null, 1);
      ::dup2(null, 2);
      ::execlp("redis-server", "redis-server", "--bind", "127.0.0.1", "--port", port.c_str(), "--dir", folder_.c_str(),
               "--appendonly", "yes", "--appendfsync", "always", "--save", "", nullptr);
      ::_exit(127);
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < until) {
      if (::waitpid(pid_, nullptr, WNOHANG) == pid_) return false;
      if (answers()) return true;
      ::poll(nullptr, 0, 5);
    }
    kill();
    return false;
  }

  bool answers() const {
    const std::unique_ptr<redisContext, void (*)(redisContext*)> context(redisConnect("127.0.0.1", port_), redisFree);
    if (!context || context->err != 0) return false;
    auto* reply = static_cast<redisReply*>(redisCommand(context.get(), "PING"));
    const bool is_up = reply != nullptr && reply->type == REDIS_REPLY_STATUS;
    freeReplyObject(reply);
    return is_up;
  }

  std::filesystem::path folder_;
  int port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace chassis::broker
