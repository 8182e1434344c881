#include "supervisor/app/supervise.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>

#include "supervisor/app/control_api.hpp"
#include "supervisor/app/faults.hpp"
#include "supervisor/app/plans.hpp"
#include "supervisor/app/registrar.hpp"
#include "supervisor/app/supervisor.hpp"
#include "supervisor/app/workspace.hpp"
#include "supervisor/control/client.hpp"
#include "supervisor/keeper/keeper_host.hpp"
#include "supervisor/posix/callers.hpp"
#include "supervisor/posix/instance_book.hpp"
#include "supervisor/posix/leftovers.hpp"
#include "supervisor/posix/port_table.hpp"
#include "supervisor/posix/prober.hpp"
#include "supervisor/posix/timers.hpp"
#include "supervisor/spec/load_options.hpp"

extern char** environ;

namespace app {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds leftover_grace{5'000};
constexpr std::chrono::milliseconds keeper_timeout{2'000};
// One that does not answer is taken for lost, and its process ended: a busy machine is no reason for that.
constexpr std::chrono::milliseconds greeting_timeout{10'000};
constexpr std::chrono::milliseconds place_check{1'000};
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

// What a supervisor has in its hands before it begins.
struct Beginnings {
  spec::LoadOptions options;
  std::shared_ptr<const spec::Cluster> cluster;
  posix::Descriptor lock;
  keeper::Nursery nursery;
};

// What nobody else may do at the same time: call with the lock held.
base::Result<void> number_ports(spec::Cluster& cluster) {
  auto remembered = remembered_ports(cluster.state);
  TRY(spec::assign_free_ports(cluster, remembered));
  for (const auto& [name, service] : cluster.services) {
    for (const auto& [port, number] : service.ports) remembered[name + "." + port] = number;
  }
  return remember_ports(cluster.state, remembered);
}

base::Result<void> remember(const spec::LoadOptions& options, const fs::path& state) {
  return posix::replace_file(launch_path(state), base::dump_json(spec::to_json(options)) + "\n");
}

// Members are made in this order and go in the reverse one.
class Process {
 public:
  explicit Process(Beginnings with)
      : options_(std::move(with.options)),
        cluster_(std::move(with.cluster)),
        lock_(std::move(with.lock)),
        host_(io_, std::move(with.nursery), keepers_path(cluster_->state), cluster_->state),
        prober_(io_),
        timers_(io_),
        book_(book_path(cluster_->state)),
        plans_(cluster_, inherited_environment(), port_table_),
        supervisor_(*cluster_, Outside{host_, prober_, timers_, port_table_, book_, clock_, random_, plans_}),
        callers_(cluster_->state),
        faults_(io_, supervisor_, timers_, clock_,
                [this](std::uint16_t peer, std::uint16_t front, const std::string& service) {
                  return callers_.is_of(peer, front, service);
                }),
        signals_(io_, SIGTERM, SIGINT, SIGHUP) {}

  base::Result<void> open() {
    TRY(hide_from_git(cluster_->state));
    TRY(open_registry());
    take_over();
    TRY(remember(options_, cluster_->state));
    started_at_ = clock_.monotonic();
    ApiContext context{io_,
                       supervisor_,
                       clock_,
                       [this] { return status(); },
                       [this](const base::Json& launch) { return reload(launch); },
                       [this](const control::UpRequest& request) { return plan(request); },
                       faults_,
                       [this] { finish(); }};
    TRY(server_, ControlServer::open(control::socket_path(cluster_->state), std::move(context)));
    place_ = posix::inode_of(control::socket_path(cluster_->state));
    return base::success();
  }

  void run() {
    signals_.async_wait([this](boost::system::error_code error, int /*number*/) {
      if (!error) supervisor_.shut_down([this] { finish(); });
    });
    follow_events(0);
    watch_place();
    io_.run();
    host_.close(keeper_timeout);
    std::error_code ignored;
    if (is_at_its_place_) fs::remove(book_path(cluster_->state), ignored);
    if (is_at_its_place_) fs::remove(launch_path(cluster_->state), ignored);
    log_line(clock_, "supervisor ended");
  }

  const base::Clock& clock() const { return clock_; }

 private:
  base::Result<void> open_registry() {
    if (!cluster_->registry.enabled) return base::success();
    TRY(registrar_, Registrar::open(io_, *cluster_, clock_, random_, prober_));
    spec::Cluster cluster = *cluster_;
    cluster.registry.port = registrar_->port();
    use(std::move(cluster));
    supervisor_.observe([this](const Instance& instance, bool gone) { registrar_->observe(instance, gone); });
    registrar_->follow(supervisor_);
    return base::success();
  }

  // From here on this is the cluster.
  void use(spec::Cluster cluster) {
    cluster_ = std::make_shared<const spec::Cluster>(std::move(cluster));
    plans_.use(cluster_);
  }

  // What keepers kept is taken over, what has none any more is ended.
  void take_over() {
    const auto book = book_.read();
    auto found = host_.find(greeting_timeout);
    std::set<pid_t> spared;
    for (const auto& one : found) {
      if (one.running) spared.insert(one.running->keeper);
    }
    std::vector<ports::ProcessId> roots;
    std::map<std::string, std::string> lost;  // instances whose keeper was gone as well, to what became of them
    for (const auto& [name, one] : book.instances) {
      const bool kept = one.process && std::any_of(found.begin(), found.end(), [&](const auto& other) {
                          return other.running && other.running->process == *one.process;
                        });
      if (!one.process || kept) continue;
      roots.push_back(*one.process);
      lost[name] = "its keeper was gone, and so was it";
    }
    if (fs::exists(book_path(cluster_->state))) {
      const auto ended = posix::end_leftovers(roots, cluster_->state, spared, leftover_grace);
      for (const auto& name : ended.instances) lost[name] = "its keeper was gone; ended as a leftover";
      if (ended.processes > 0) {
        log_line(clock_, "ended " + std::to_string(ended.processes) + " processes that had no keeper any more");
      }
    }
    if (!found.empty()) log_line(clock_, "took over " + std::to_string(found.size()) + " keepers");
    supervisor_.adopt(std::move(found), book, lost);
    static_cast<void>(book_.write(supervisor_.book()));
  }

  control::StatusView status() const {
    control::StatusView view;
    view.pid = ::getpid();
    view.version = MSCTL_VERSION;
    view.uptime_s = std::chrono::duration<double>(clock_.monotonic() - started_at_).count();
    view.services = supervisor_.counts();
    view.cluster = cluster_->name;
    view.root = cluster_->root.string();
    if (registrar_) view.registry = "127.0.0.1:" + std::to_string(registrar_->port());
    return view;
  }

  // The cluster as its files are now; `launch` may say which ones.
  base::Result<spec::Cluster> read_again(const base::Json& launch, spec::LoadOptions& options) const {
    options = options_;
    if (!launch.is_null()) {
      TRY(options, spec::load_options(launch));
    }
    TRY(auto fresh, spec::load_cluster(options));
    if (fresh.state != cluster_->state) {
      return base::fail(base::ErrorCode::conflict, "this supervisor belongs to " + cluster_->state.string());
    }
    TRY(number_ports(fresh));
    if (registrar_) fresh.registry.port = registrar_->port();
    return fresh;
  }

  base::Result<std::vector<control::PlanView>> plan(const control::UpRequest& request) {
    spec::LoadOptions options;
    TRY(auto fresh, read_again(request.launch, options));
    const auto shared = std::make_shared<const spec::Cluster>(std::move(fresh));
    plans_.use(shared);  // digests are those of the files as they are now
    auto plan = supervisor_.plan(*shared, request);
    plans_.use(cluster_);
    return plan;
  }

  // Nothing has changed when this fails.
  base::Result<void> reload(const base::Json& launch) {
    spec::LoadOptions options;
    TRY(auto fresh, read_again(launch, options));
    TRY(remember(options, cluster_->state));
    options_ = std::move(options);
    use(std::move(fresh));
    supervisor_.reload(*cluster_);
    return base::success();
  }

  // Else the folder was removed, and what is there now may be another supervisor's.
  bool is_at_its_place() const { return posix::inode_of(control::socket_path(cluster_->state)) == place_; }

  // Without its socket nobody can reach this supervisor any more: somebody removed the state folder.
  void watch_place() {
    timers_.after(place_check, [this] {
      if (is_at_its_place()) return watch_place();
      log_line(clock_, "the state folder is gone: all services are stopped");
      book_.close();
      supervisor_.shut_down([this] { finish(); });
    });
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
    is_at_its_place_ = is_at_its_place();
    co_await server_->close(last_answers);
    if (registrar_) co_await registrar_->close(last_answers);
    io_.stop();
  }

  boost::asio::io_context io_{1};
  spec::LoadOptions options_;
  std::shared_ptr<const spec::Cluster> cluster_;
  posix::Descriptor lock_;
  base::SystemClock clock_;
  base::SystemRandom random_;
  keeper::KeeperHost host_;
  posix::Prober prober_;
  posix::Timers timers_;
  posix::PortTable port_table_;
  posix::InstanceBook book_;
  FilePlans plans_;
  Supervisor supervisor_;
  posix::Callers callers_;  // on the gates' thread, which ends with faults_
  Faults faults_;
  std::unique_ptr<Registrar> registrar_;
  std::unique_ptr<ControlServer> server_;
  base::Monotonic started_at_{};
  ino_t place_ = 0;  // of the control socket
  bool is_at_its_place_ = true;
  boost::asio::signal_set signals_;
};

base::Result<std::unique_ptr<Process>> prepare(Beginnings with) {
  auto process = std::make_unique<Process>(std::move(with));
  TRY(process->open());
  return process;
}

// A thousand instances need a thousand descriptors; services get the limit that there was before.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

base::Result<spec::LoadOptions> parse_options(const std::string& text) {
  TRY(const base::Json json, base::parse_json(text));
  return spec::load_options(json);
}

int run_supervisor(const std::string& launch, int ready_fd) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto failed = [&](const base::Error& error) { return tell(ready_fd, "failed: " + error.message), 1; };
  auto options = parse_options(launch);
  if (!options) return failed(options.error());
  // First of all, while this process is small; it keeps no descriptor of ours.
  auto nursery = keeper::Nursery::open();
  if (!nursery) return failed(nursery.error());
  raise_descriptor_limit();
  auto cluster = spec::load_cluster(options.value());
  if (!cluster) return failed(cluster.error());
  if (const auto made = make_workspace(cluster.value().state); !made) return failed(made.error());
  auto lock = lock_workspace(cluster.value().state);
  if (!lock && lock.error().code == base::ErrorCode::conflict) return tell(ready_fd, "locked"), 1;
  if (!lock) return failed(lock.error());
  if (const auto numbered = number_ports(cluster.value()); !numbered) return failed(numbered.error());
  const auto process =
      prepare({std::move(options.value()), std::make_shared<const spec::Cluster>(std::move(cluster.value())),
               std::move(lock.value()), std::move(nursery.value())});
  if (!process) return failed(process.error());
  log_line(process.value()->clock(), "supervisor " MSCTL_VERSION " runs as pid " + std::to_string(::getpid()));
  tell(ready_fd, "ready");
  process.value()->run();
  return 0;
}

}  // namespace

bool asks_to_supervise(int argc, char** argv) { return argc == 4 && std::string(argv[1]) == supervise_verb; }

int supervise(int argc, char** argv) {
  ::prctl(PR_SET_NAME, "msctl");  // started through /proc/self/exe, it would be listed as `exe`
  keeper::lend_title(argc, argv);
  const std::string launch = argv[argc - 2];
  return run_supervisor(launch, std::atoi(argv[argc - 1]));
}

}  // namespace app
