#include "cli/verify/system_world.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>

#include <boost/asio/io_context.hpp>

#include "base/http/client.hpp"
#include "cli/verify/bounded.hpp"
#include "supervisor/posix/prober.hpp"
#include "supervisor/posix/process_tree.hpp"

namespace verify {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;

constexpr Ms slice{20};
constexpr Ms undo_patience{20'000};  // of what is put back after a check's time is over
constexpr std::streamoff log_tail = 1 << 20;

fs::path proc(int pid, const char* what) { return fs::path("/proc") / std::to_string(pid) / what; }

// The target of a link in /proc, also of a file that was removed meanwhile.
fs::path link_of(const fs::path& link) {
  std::array<char, 4096> target{};
  const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
  return size <= 0 ? fs::path() : fs::path(std::string(target.data(), static_cast<std::size_t>(size)));
}

base::Error cannot_read(int pid, const std::string& what) {
  return base::fail(errno == EACCES || errno == EPERM ? ErrorCode::permission : ErrorCode::not_found,
                    "cannot read " + what + " of process " + std::to_string(pid) + ": " + std::strerror(errno));
}

base::Result<std::string> whole_file(const fs::path& path, int pid, const std::string& what) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return cannot_read(pid, what);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

SystemWorld::SystemWorld(Place place, const std::atomic<bool>& interrupted)
    : place_(std::move(place)), interrupted_(interrupted), deadline_(clock_.monotonic() + undo_patience) {}

void SystemWorld::begin(Ms limit) {
  end();
  deadline_ = clock_.monotonic() + limit;
}

void SystemWorld::end() { scratch_.reset(); }

base::Result<void> SystemWorld::may_go_on() const {
  if (shields_ > 0) return base::success();
  if (interrupted_) return base::fail(ErrorCode::cancelled, "interrupted");
  if (clock_.monotonic() >= deadline_) return base::fail(ErrorCode::timeout, "the time for this check is over");
  return base::success();
}

Ms SystemWorld::left(Ms wanted) const {
  if (shields_ > 0) return std::min(wanted, undo_patience);
  return std::clamp(std::chrono::duration_cast<Ms>(deadline_ - clock_.monotonic()), Ms(1), wanted);
}

void SystemWorld::pause(Ms time) {
  const auto until = clock_.monotonic() + time;
  while (may_go_on() && clock_.monotonic() < until) {
    const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(until - clock_.monotonic());
    std::this_thread::sleep_for(std::min<std::chrono::microseconds>(rest, slice));
  }
}

base::Result<base::http::Response> SystemWorld::http(std::uint16_t port, base::http::Request request, Ms timeout) {
  TRY(may_go_on());
  base::http::Target target;
  target.port = port;
  request.headers.set("Connection", "close");
  return base::http::send_blocking(target, std::move(request), left(timeout));
}

std::string SystemWorld::grpc_health(std::uint16_t port, const std::string& service) {
  ports::Question question;
  question.kind = spec::ProbeKind::grpc;
  question.port = port;
  question.text = service;
  question.timeout = left(Ms(2000));
  std::string status = "no answer";
  boost::asio::io_context io(1);
  posix::Prober prober(io);
  prober.ask(question, [&](const ports::Answer& answer) { status = answer.ok ? "SERVING" : answer.problem; });
  io.run();
  return status;
}

base::Result<std::vector<control::ServiceView>> SystemWorld::instances() {
  TRY(may_go_on());
  return place_.supervisor.services();
}

base::Result<void> SystemWorld::command(const std::string& service, const std::string& verb, const base::Json& body) {
  TRY(may_go_on());
  TRY(place_.supervisor.service(service, verb, body));
  return base::success();
}

std::string SystemWorld::registry() {
  const auto status = place_.supervisor.status();
  return status ? status.value().registry : std::string();
}

base::Result<void> SystemWorld::kill(int pid) {
  TRY(may_go_on());
  const auto stat = posix::read_stat(pid);
  if (!stat || !posix::send_signal(stat->id, SIGKILL)) {
    return base::fail(ErrorCode::not_found, "process " + std::to_string(pid) + " is gone");
  }
  return base::success();
}

base::Result<program::Output> SystemWorld::run(const Ask& ask) {
  TRY(may_go_on());
  Ask bounded = ask;
  bounded.timeout = left(ask.timeout);
  return run_bounded(bounded, [this] { return shields_ == 0 && interrupted_; });
}

std::string SystemWorld::msctl() const { return link_of("/proc/self/exe").string(); }

base::Result<std::string> SystemWorld::helper(const std::string& name) const {
  TRY(const auto path, program::helper(name));
  return path.string();
}

std::string SystemWorld::log(const std::string& instance) const {
  std::ifstream file(place_.cluster.state / "logs" / (instance + ".log"), std::ios::binary | std::ios::ate);
  if (!file) return {};
  const std::streamoff size = file.tellg();
  const std::streamoff from = std::max<std::streamoff>(0, size - log_tail);
  file.seekg(from);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (from > 0) text.erase(0, std::min(text.size(), text.find('\n') + 1));
  text.erase(text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1);
  return text;
}

std::vector<fs::path> SystemWorld::open_files(int pid) const {
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(proc(pid, "fd"), ignored)) {
    const fs::path target = link_of(entry.path());
    if (target.is_absolute()) files.push_back(target);
  }
  return files;
}

base::Result<std::map<std::string, std::string>> SystemWorld::environment(int pid) const {
  TRY(const auto text, whole_file(proc(pid, "environ"), pid, "the environment"));
  std::map<std::string, std::string> variables;
  for (std::size_t at = 0; at < text.size();) {
    const std::string entry = text.substr(at, text.find('\0', at) - at);
    at += entry.size() + 1;
    const std::size_t equals = entry.find('=');
    if (equals != std::string::npos) variables[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return variables;
}

base::Result<std::string> SystemWorld::program_text(int pid) const {
  return whole_file(proc(pid, "exe"), pid, "the program");
}

base::Result<fs::path> SystemWorld::scratch() {
  if (!scratch_) {
    TRY(auto made, files::TemporaryFolder::make("verify"));
    scratch_.emplace(std::move(made));
  }
  return scratch_->path();
}

}  // namespace verify
