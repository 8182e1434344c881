#include "supervisor/app/supervise.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>

#include "supervisor/app/control_api.hpp"
#include "supervisor/app/supervisor.hpp"
#include "supervisor/app/workspace.hpp"
#include "supervisor/control/client.hpp"
#include "supervisor/posix/instance_book.hpp"
#include "supervisor/posix/port_table.hpp"
#include "supervisor/posix/prober.hpp"
#include "supervisor/posix/process_host.hpp"
#include "supervisor/posix/timers.hpp"

extern char** environ;

namespace app {
namespace {

constexpr std::chrono::milliseconds leftover_grace{5'000};
constexpr std::chrono::milliseconds last_answers{1'000};

void tell(int fd, const std::string& line) {
  const std::string text = line + "\n";
  static_cast<void>(!::write(fd, text.data(), text.size()));
  ::close(fd);
}

std::vector<std::string> inherited_environment() {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) entries.emplace_back(*entry);
  return entries;
}

// The supervisor's own log is its standard output, which `up` points at logs/supervisor.log.
void log_line(const base::Clock& clock, const std::string& text) {
  std::printf("%s %s\n", base::to_rfc3339(clock.wall()).c_str(), text.c_str());
  std::fflush(stdout);
}

// Members are made in this order and go in the reverse one.
class Process {
 public:
  Process(spec::Cluster cluster, posix::Descriptor lock)
      : cluster_(std::move(cluster)),
        lock_(std::move(lock)),
        host_(io_),
        prober_(io_),
        timers_(io_),
        book_(book_path(cluster_.state)),
        environment_(inherited_environment()),
        supervisor_(cluster_, outside()),
        signals_(io_, SIGTERM, SIGINT, SIGHUP) {}

  base::Result<void> open() {
    const auto ended = posix::end_leftovers(book_path(cluster_.state), cluster_.state, leftover_grace);
    if (ended > 0) log_line(clock_, "ended " + std::to_string(ended) + " processes that an earlier supervisor left");
    TRY(hide_from_git(cluster_.state));
    TRY(book_.write({}));
    const auto started_at = clock_.monotonic();
    ApiContext context{io_, supervisor_, cluster_, clock_, started_at, [this] { finish(); }};
    TRY(server_, ControlServer::open(control::socket_path(cluster_.state), std::move(context)));
    return base::success();
  }

  void run() {
    signals_.async_wait([this](boost::system::error_code error, int /*number*/) {
      if (!error) supervisor_.shut_down([this] { finish(); });
    });
    follow_events(0);
    io_.run();
    host_.end_everything();
    std::error_code ignored;
    std::filesystem::remove(book_path(cluster_.state), ignored);
    log_line(clock_, "supervisor ended");
  }

  const base::Clock& clock() const { return clock_; }

 private:
  Outside outside() {
    SpawnPlan plan = [this](const spec::Service& service) { return plan_spawn(cluster_, service, environment_); };
    return Outside{host_, prober_, timers_, port_table_, book_, clock_, random_, std::move(plan)};
  }

  void follow_events(std::uint64_t seen) {
    for (const auto& event : supervisor_.events().after(seen)) {
      log_line(clock_, event.service + " " + event.state + ": " + event.reason);
      seen = event.seq;
    }
    supervisor_.events().wait([this, seen] { boost::asio::post(io_, [this, seen] { follow_events(seen); }); });
  }

  void finish() { boost::asio::co_spawn(io_, close(), boost::asio::detached); }

  base::Task<> close() {
    co_await server_->close(last_answers);
    io_.stop();
  }

  boost::asio::io_context io_{1};
  spec::Cluster cluster_;
  posix::Descriptor lock_;
  base::SystemClock clock_;
  base::SystemRandom random_;
  posix::ProcessHost host_;
  posix::Prober prober_;
  posix::Timers timers_;
  posix::PortTable port_table_;
  posix::InstanceBook book_;
  std::vector<std::string> environment_;
  Supervisor supervisor_;
  std::unique_ptr<ControlServer> server_;
  boost::asio::signal_set signals_;
};

base::Result<spec::Cluster> load(const std::filesystem::path& file) {
  TRY(spec::Cluster cluster, spec::load_cluster(file));
  TRY(spec::assign_free_ports(cluster));
  TRY(make_workspace(cluster.state));
  return cluster;
}

base::Result<std::unique_ptr<Process>> prepare(spec::Cluster cluster, posix::Descriptor lock) {
  auto process = std::make_unique<Process>(std::move(cluster), std::move(lock));
  TRY(process->open());
  return process;
}

}  // namespace

int supervise(const std::filesystem::path& cluster_file, int ready_fd) {
  std::signal(SIGPIPE, SIG_IGN);
  auto cluster = load(cluster_file);
  if (!cluster) return tell(ready_fd, "failed: " + cluster.error().message), 1;
  auto lock = lock_workspace(cluster.value().state);
  if (!lock) {
    const bool taken = lock.error().code == base::ErrorCode::conflict;
    return tell(ready_fd, taken ? "locked" : "failed: " + lock.error().message), 1;
  }
  const auto process = prepare(std::move(cluster.value()), std::move(lock.value()));
  if (!process) return tell(ready_fd, "failed: " + process.error().message), 1;
  log_line(process.value()->clock(), "supervisor " MSCTL_VERSION " runs as pid " + std::to_string(::getpid()));
  tell(ready_fd, "ready");
  process.value()->run();
  return 0;
}

bool asks_to_supervise(int argc, char** argv) { return argc == 4 && std::string(argv[1]) == supervise_verb; }

int supervise(int argc, char** argv) {
  ::prctl(PR_SET_NAME, "msctl");  // started through /proc/self/exe, it would be listed as `exe`
  return supervise(std::filesystem::path(argv[argc - 2]), std::atoi(argv[argc - 1]));
}

}  // namespace app
