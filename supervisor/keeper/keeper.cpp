#include "supervisor/keeper/keeper.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "supervisor/keeper/cage.hpp"
#include "supervisor/keeper/family.hpp"
#include "supervisor/keeper/message.hpp"
#include "supervisor/keeper/notify_socket.hpp"
#include "supervisor/keeper/nursery.hpp"
#include "supervisor/keeper/output.hpp"
#include "supervisor/keeper/spawn_request.hpp"

namespace keeper {
namespace {

constexpr int orphan_check_ms = 2'000;
constexpr std::chrono::seconds orphan_grace{10};
constexpr std::size_t max_waiting = 256;  // messages to a supervisor that does not read; then notifications are dropped

std::int64_t wall_us() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

std::int64_t monotonic_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

class Keeper {
 public:
  Keeper(posix::Descriptor control, posix::Descriptor listener, std::string path)
      : control_(std::move(control)), listener_(std::move(listener)), path_(std::move(path)) {
    sigset_t child;
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child, nullptr);
    signals_ = posix::Descriptor(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
    hello_.keeper = ::getpid();
    ::lstat(path_.c_str(), &place_);
  }

  void run() {
    while (!(released_ && !family_.runs())) {
      std::array<pollfd, 6> waits{pollfd{signals_.get(), POLLIN, 0},  pollfd{control_.get(), waiting_events(), 0},
                                  pollfd{listener_.get(), POLLIN, 0}, pollfd{output_.out(), POLLIN, 0},
                                  pollfd{output_.err(), POLLIN, 0},   pollfd{notify_.descriptor(), POLLIN, 0}};
      ::poll(waits.data(), waits.size(), control_ ? -1 : orphan_check_ms);
      if (waits[3].revents != 0 || waits[4].revents != 0) output_.pump(wall_us());
      if (waits[5].revents != 0) take_notifications();
      if (waits[0].revents != 0) take_exits();
      if (waits[2].revents != 0) take_supervisor();
      if (waits[1].revents != 0 && control_) take_orders();
      flush();
      if (!control_) check_orphaned();
    }
    output_.pump(wall_us());
    leave();
  }

 private:
  short waiting_events() const { return static_cast<short>(POLLIN | (waiting_.empty() ? 0 : POLLOUT)); }

  void take_orders() {
    while (control_) {
      auto message = receive(control_.get());
      if (message) {
        obey(message.value());
      } else if (message.error().code == base::ErrorCode::conflict) {
        return;
      } else {
        drop_supervisor();
      }
    }
  }

  void drop_supervisor() {
    resume();  // who suspended it cannot undo that any more
    control_ = posix::Descriptor();
    waiting_.clear();
  }

  void obey(Message& message) {
    switch (message.kind) {
      case Kind::spawn:
        return spawn(message);
      case Kind::terminate:
        return family_.terminate();
      case Kind::kill:
        return family_.kill();
      case Kind::suspend:
        suspended_ = true;
        return family_.suspend();
      case Kind::resume:
        return resume();
      case Kind::remember:
        if (!message.parts.empty()) hello_.memo = message.parts[0];
        return;
      case Kind::release:
        released_ = true;
        return;
      default:
        return;
    }
  }

  void resume() {
    if (std::exchange(suspended_, false)) family_.resume();
  }

  void spawn(Message& message) {
    const auto request = spawn_request(message.parts);
    if (!request) return tell(Kind::spawn_failed, {request.error().message});
    if (family_.runs()) return tell(Kind::spawn_failed, {"a process of this instance still runs"});
    hello_.memo = request.value().memo;
    hello_.socket_names = request.value().socket_names;
    sockets_ = std::move(message.descriptors);
    hello_.ended = false;
    suspended_ = false;
    hello_.pid = 0;  // that of the last one says nothing any more
    hello_.start_time = 0;
    hello_.notified.clear();
    hello_.since_us = wall_us();
    hello_.since_ns = monotonic_ns();
    const auto process = start(request.value());
    if (!process) return tell(Kind::spawn_failed, {process.error().message});
    hello_.pid = process.value().pid;
    hello_.start_time = static_cast<std::int64_t>(process.value().start_time);
    tell(Kind::spawned, {std::to_string(hello_.pid), std::to_string(hello_.start_time), std::to_string(hello_.since_us),
                         std::to_string(hello_.since_ns), std::to_string(hello_.keeper)});
  }

  base::Result<ports::ProcessId> start(const SpawnRequest& request) {
    TRY(output_.open(request.log, request.log_max_bytes, request.log_files, request.log_max_age_days));
    TRY(notify_.open(path_));
    Start start;
    start.program = request.program;
    start.argv = request.argv;
    start.env = request.env;
    start.env.push_back("NOTIFY_SOCKET=" + notify_.name());
    start.folder = request.folder;
    start.out = output_.out_end();
    start.err = output_.err_end();
    for (const auto& socket : sockets_) start.sockets.push_back(socket.get());
    for (const auto& name : request.socket_names) start.socket_names += (start.socket_names.empty() ? "" : ":") + name;
    start.open_files = request.open_files;
    cage_ = Cage::make(path_, request.memory_bytes, request.millicpus);
    start.cgroups = cage_.entrances();
    if (!cage_.holds_memory()) start.memory_bytes = request.memory_bytes;
    return family_.start(start);
  }

  void take_exits() {
    signalfd_siginfo ignored{};
    while (::read(signals_.get(), &ignored, sizeof ignored) > 0) {
    }
    const auto status = family_.reap();
    if (!status) return;
    output_.pump(wall_us());
    take_notifications();
    cage_.remove();
    hello_.status = *status;
    hello_.ended = true;
    tell(Kind::exited, {std::to_string(*status), std::to_string(output_.dropped())});
  }

  void take_notifications() {
    while (const auto text = notify_.read()) {
      // A hundred states are enough to know what it last said.
      if (hello_.notified.size() >= 100) hello_.notified.erase(hello_.notified.begin() + 1);
      if (hello_.notified.empty() || hello_.notified.back() != *text) hello_.notified.push_back(*text);
      if (waiting_.size() < max_waiting) tell(Kind::notified, {*text});
    }
  }

  void take_supervisor() {
    posix::Descriptor fresh(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fresh) return;
    ucred peer{};
    socklen_t size = sizeof peer;
    ::getsockopt(fresh.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size);
    if (peer.uid != ::geteuid() && peer.uid != 0) return;
    drop_supervisor();
    control_ = std::move(fresh);
    hello_.runs = family_.runs();
    hello_.terminating = family_.terminating();
    std::vector<int> sockets;
    for (const auto& socket : sockets_) sockets.push_back(socket.get());
    if (!send(control_.get(), Kind::hello, parts_of(hello_), sockets, false)) drop_supervisor();
  }

  void tell(Kind kind, std::vector<std::string> parts) {
    if (!control_) return;
    waiting_.emplace_back(kind, std::move(parts));
    flush();
  }

  void flush() {
    while (control_ && !waiting_.empty()) {
      const auto sent = send(control_.get(), waiting_.front().first, waiting_.front().second, {}, false);
      if (!sent && sent.error().code == base::ErrorCode::conflict) return;
      if (!sent) return drop_supervisor();
      waiting_.pop_front();
    }
  }

  // The name is there and still is our socket: a folder that was made anew may hold somebody else's.
  bool is_at_its_place() const {
    struct stat now {};
    return ::lstat(path_.c_str(), &now) == 0 && now.st_dev == place_.st_dev && now.st_ino == place_.st_ino;
  }

  // Nobody can come any more when the socket is gone: the folder was removed.
  void check_orphaned() {
    if (is_at_its_place()) return;
    released_ = true;
    const auto now = std::chrono::steady_clock::now();
    if (!orphaned_) {
      orphaned_ = now;
      family_.terminate();
    } else if (now - *orphaned_ > orphan_grace) {
      family_.kill();
    }
    take_exits();
  }

  void leave() {
    // Together they are made, and together they go.
    if (!is_at_its_place()) return;
    notify_.close();
    ::unlink(path_.c_str());
  }

  posix::Descriptor control_;
  posix::Descriptor listener_;
  posix::Descriptor signals_;
  std::string path_;
  struct stat place_ {};
  Family family_;
  Output output_;
  NotifySocket notify_;
  Cage cage_;
  Hello hello_;
  std::vector<posix::Descriptor> sockets_;
  std::deque<std::pair<Kind, std::vector<std::string>>> waiting_;
  std::optional<std::chrono::steady_clock::time_point> orphaned_;
  bool released_ = false;
  bool suspended_ = false;
};

}  // namespace

void run_keeper(posix::Descriptor control, posix::Descriptor listener, const std::string& instance,
                const std::string& path) {
  ::setsid();
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) std::signal(number, SIG_IGN);
  std::signal(SIGCHLD, SIG_DFL);
  set_title("msctl keeper " + instance);
  ::prctl(PR_SET_NAME, "msctl-keeper");
  Keeper(std::move(control), std::move(listener), path).run();
  ::_exit(0);
}

}  // namespace keeper
