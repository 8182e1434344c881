#include "supervisor/keeper/keeper_host.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include <boost/asio/post.hpp>

#include "base/http/unix_path.hpp"
#include "supervisor/keeper/spawn_request.hpp"
#include "supervisor/posix/leftovers.hpp"
#include "supervisor/posix/process_tree.hpp"
#include "supervisor/posix/program.hpp"

namespace keeper {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using ports::Slot;

struct KeeperHost::Keeper {
  Keeper(asio::io_context& io, Slot name, posix::Descriptor socket) : slot(std::move(name)), control(io) {
    control.assign(socket.take());
  }

  Slot slot;
  std::string instance;
  asio::posix::basic_stream_descriptor<asio::io_context::executor_type> control;
  pid_t pid = 0;
  ino_t place = 0;  // of its socket: the name may be another keeper's by now, if the folder was removed and made anew
  std::optional<ports::ProcessId> process;
  bool spawning = false;
  bool released = false;
};

namespace {

constexpr const char* suffix = ".sock";

base::Result<posix::Descriptor> unix_socket(const fs::path& path, bool listening) {
  TRY(const auto short_path, base::http::UnixPath::make(path.string()));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, short_path.text().c_str(), short_path.text().size() + 1);
  posix::Descriptor made(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  const auto* name = reinterpret_cast<const sockaddr*>(&address);
  const bool done = made && (listening ? ::bind(made.get(), name, sizeof address) == 0 && ::listen(made.get(), 4) == 0
                                       : ::connect(made.get(), name, sizeof address) == 0);
  if (!done) return base::fail(base::ErrorCode::unavailable, path.string() + ": " + std::strerror(errno));
  return made;
}

// A signal that comes meanwhile, such as a child's end, says nothing of the keeper.
bool readable_in(int fd, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd wait{fd, POLLIN, 0};
    const int ready = ::poll(&wait, 1, std::max(static_cast<int>(left.count()), 0));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

ports::Spawned spawned_of(const Hello& hello) {
  ports::Spawned what;
  what.process = {static_cast<pid_t>(hello.pid), static_cast<std::uint64_t>(hello.start_time)};
  what.keeper = static_cast<pid_t>(hello.keeper);
  what.since_us = static_cast<std::uint64_t>(hello.since_us);
  what.since = base::Monotonic(std::chrono::nanoseconds(hello.since_ns));
  return what;
}

}  // namespace

KeeperHost::KeeperHost(asio::io_context& io, Nursery nursery, fs::path folder, fs::path state)
    : io_(io), nursery_(std::move(nursery)), folder_(std::move(folder)), state_(std::move(state)) {}

KeeperHost::~KeeperHost() = default;

fs::path KeeperHost::socket_of(const Slot& slot) const { return folder_ / (slot + suffix); }

void KeeperHost::later(std::function<void()> call) { asio::post(io_, std::move(call)); }

std::vector<ports::Found> KeeperHost::find(std::chrono::milliseconds timeout) {
  std::vector<ports::Found> all;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_, ignored)) {
    if (entry.path().extension() != suffix) continue;
    auto one = greet(entry.path().stem().string(), entry.path(), timeout);
    if (one) {
      all.push_back(std::move(one.value()));
    } else {
      fs::remove(entry.path(), ignored);
    }
  }
  return all;
}

base::Result<ports::Found> KeeperHost::greet(const Slot& slot, const fs::path& socket,
                                             std::chrono::milliseconds timeout) {
  TRY(posix::Descriptor control, unix_socket(socket, false));
  if (!readable_in(control.get(), timeout)) return base::fail(base::ErrorCode::timeout, "it does not answer");
  TRY(Message message, receive(control.get()));
  if (message.kind != Kind::hello) return base::fail(base::ErrorCode::malformed, "it does not say hello");
  TRY(const Hello said, hello(message.parts));
  ports::Found found;
  found.slot = slot;
  found.memo = said.memo;
  found.terminating = said.terminating;
  found.notified = said.notified;
  if (said.pid > 0) found.running = spawned_of(said);
  if (said.ended) found.ended = ports::WaitStatus{static_cast<int>(said.status)};
  for (std::size_t i = 0; i < message.descriptors.size() && i < said.socket_names.size(); ++i) {
    found.sockets.push_back({said.socket_names[i], message.descriptors[i].take()});
  }
  attach(slot, std::move(control), static_cast<pid_t>(said.keeper), ports::instance_of(slot));
  if (said.runs) keepers_.at(slot)->process = found.running->process;
  return found;
}

void KeeperHost::attach(const Slot& slot, posix::Descriptor control, pid_t pid, std::string instance) {
  auto one = std::make_shared<Keeper>(io_, slot, std::move(control));
  one->pid = pid;
  one->place = posix::inode_of(socket_of(slot));
  one->instance = std::move(instance);
  keepers_[slot] = one;
  await(*one);
}

base::Result<void> KeeperHost::hatch(const Slot& slot, const std::string& instance) {
  const fs::path path = socket_of(slot);
  ::unlink(path.c_str());
  TRY(const posix::Descriptor listener, unix_socket(path, true));
  auto control = nursery_.hatch(instance, listener.get(), path.string());
  if (!control) {
    // Somebody ended the nursery; a new one is forked from this larger process.
    nursery_.close();
    TRY(nursery_, Nursery::open());
    control = nursery_.hatch(instance, listener.get(), path.string());
  }
  if (!control) return control.error();
  attach(slot, std::move(control.value()), 0, instance);
  return base::success();
}

void KeeperHost::spawn(const Slot& slot, const ports::SpawnSpec& spec) {
  if (const auto asked = ask(slot, spec); !asked) {
    later([this, slot, error = asked.error()] { listener_->spawn_failed(slot, error); });
  }
}

base::Result<void> KeeperHost::ask(const Slot& slot, const ports::SpawnSpec& spec) {
  SpawnRequest request;
  TRY(request.program, posix::find_program(spec.argv.at(0), spec.env));
  request.argv = spec.argv;
  request.env = spec.env;
  request.folder = spec.folder.string();
  request.log = spec.log.string();
  request.log_max_bytes = spec.logs.max_bytes;
  request.log_files = spec.logs.files;
  request.log_max_age_days = spec.logs.max_age_days;
  request.open_files = spec.resources.open_files;
  request.memory_bytes = spec.resources.memory_bytes;
  request.millicpus = static_cast<std::int64_t>(spec.resources.cpus * 1000);
  request.memo = spec.memo;
  std::vector<int> sockets;
  for (const auto& socket : spec.sockets) {
    request.socket_names.push_back(socket.name);
    sockets.push_back(socket.fd);
  }
  if (!keepers_.contains(slot)) {
    TRY(hatch(slot, spec.instance));
  }
  Keeper& one = *keepers_.at(slot);
  TRY(send(one.control.native_handle(), Kind::spawn, parts_of(request), sockets));
  one.spawning = true;
  return base::success();
}

void KeeperHost::tell(const Slot& slot, Kind kind, const std::vector<std::string>& parts) {
  const auto found = keepers_.find(slot);
  if (found == keepers_.end()) return;
  // A keeper that is gone is noticed by await(); one that does not read is stopped, and hears it when it goes on.
  static_cast<void>(send(found->second->control.native_handle(), kind, parts, {}, false));
}

void KeeperHost::terminate(const Slot& slot) { tell(slot, Kind::terminate); }
void KeeperHost::kill(const Slot& slot) { tell(slot, Kind::kill); }
void KeeperHost::suspend(const Slot& slot) { tell(slot, Kind::suspend); }
void KeeperHost::resume(const Slot& slot) { tell(slot, Kind::resume); }

void KeeperHost::shoot(const Slot& slot) {
  const auto found = keepers_.find(slot);
  if (found != keepers_.end() && found->second->process) posix::send_signal(*found->second->process, SIGKILL);
}

void KeeperHost::remember(const Slot& slot, const std::string& memo) { tell(slot, Kind::remember, {memo}); }

void KeeperHost::release(const Slot& slot) {
  const auto found = keepers_.find(slot);
  if (found == keepers_.end()) return;
  tell(slot, Kind::release);
  // From here on its name is out of the way of a supervisor that comes next.
  std::error_code ignored;
  if (posix::inode_of(socket_of(slot)) == found->second->place) fs::remove(socket_of(slot), ignored);
  found->second->released = true;
  std::erase_if(leaving_, [](const posix::Descriptor& one) { return readable_in(one.get(), {}); });
  if (found->second->pid > 0) {
    leaving_.emplace_back(static_cast<int>(::syscall(SYS_pidfd_open, found->second->pid, 0)));
  }
  keepers_.erase(found);
}

void KeeperHost::close(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (const auto& one : leaving_) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (one) readable_in(one.get(), std::max(left, std::chrono::milliseconds(0)));
  }
  nursery_.close();
}

void KeeperHost::await(Keeper& one) {
  one.control.async_wait(asio::posix::descriptor_base::wait_read,
                         [this, weak = std::weak_ptr<Keeper>(keepers_.at(one.slot))](boost::system::error_code error) {
                           const auto alive = weak.lock();
                           if (alive && !error && !alive->released) read(*alive);
                         });
}

void KeeperHost::read(Keeper& one) {
  const auto self = keepers_.at(one.slot);  // a listener may release it
  while (!one.released) {
    const auto message = receive(one.control.native_handle());
    if (message) {
      take(one, message.value());
    } else if (message.error().code == base::ErrorCode::conflict) {
      return await(one);
    } else {
      return lost(one.slot);
    }
  }
}

void KeeperHost::take(Keeper& one, const Message& message) {
  const auto& parts = message.parts;
  const auto part = [&](std::size_t n) { return n < parts.size() ? parts[n] : std::string(); };
  switch (message.kind) {
    case Kind::spawned: {
      Hello what;
      what.pid = number(part(0));
      what.start_time = number(part(1));
      what.since_us = number(part(2));
      what.since_ns = number(part(3));
      what.keeper = number(part(4));
      one.spawning = false;
      one.pid = static_cast<pid_t>(what.keeper);
      const auto spawned = spawned_of(what);
      one.process = spawned.process;
      return listener_->spawned(one.slot, spawned);
    }
    case Kind::spawn_failed:
      one.spawning = false;
      return listener_->spawn_failed(one.slot, base::fail(base::ErrorCode::not_found, part(0)));
    case Kind::exited: {
      one.process.reset();
      const auto lost_bytes = number(part(1));
      const std::string note = lost_bytes > 0 ? std::to_string(lost_bytes) + " bytes of output were lost" : "";
      return listener_->exited(one.slot, ports::WaitStatus{static_cast<int>(number(part(0)))}, note);
    }
    case Kind::notified:
      return listener_->notified(one.slot, part(0));
    default:
      return;
  }
}

// Somebody killed the keeper. Its family is nobody's child any more, so it is ended as a killed supervisor's was.
void KeeperHost::lost(const Slot& slot) {
  const auto one = keepers_.at(slot);
  keepers_.erase(slot);
  one->released = true;
  std::error_code ignored;
  if (posix::inode_of(socket_of(slot)) == one->place) fs::remove(socket_of(slot), ignored);
  std::vector<ports::ProcessId> roots;
  if (one->process) roots.push_back(*one->process);
  std::set<pid_t> others;
  for (const auto& [name, other] : keepers_) {
    if (other->pid > 0) others.insert(other->pid);
  }
  posix::kill_family(roots, state_, one->instance, others);
  const std::string why = "its keeper (pid " + std::to_string(one->pid) + ") was killed";
  if (one->spawning) return listener_->spawn_failed(slot, base::fail(base::ErrorCode::internal, why));
  if (one->process) listener_->exited(slot, ports::WaitStatus{SIGKILL}, why + ", and so was this process");
}

}  // namespace keeper
