#include "services/chassis/host/run_service.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <unistd.h>

#include <google/protobuf/stubs/logging.h>
#include <boost/asio/co_spawn.hpp>

#include "base/http/client.hpp"
#include "base/random.hpp"
#include "services/chassis/host/brokers.hpp"
#include "services/chassis/host/crash.hpp"
#include "services/chassis/host/databases.hpp"
#include "services/chassis/host/held_sockets.hpp"
#include "services/chassis/host/http.hpp"
#include "services/chassis/host/io_threads.hpp"
#include "services/chassis/host/lifecycle.hpp"
#include "services/chassis/host/scheduler.hpp"
#include "services/chassis/log/json_log.hpp"
#include "services/chassis/rpc/grpc/transport.hpp"

namespace chassis {
namespace {

constexpr int usage_error = 2;
constexpr std::chrono::seconds check_patience{5};

Settings settings_of_this_process() {
  std::map<std::string, std::string> values;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) values.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return Settings(std::move(values));
}

base::Result<Config> load(int argc, char** argv) {
  std::string file;
  const char* from_environment = std::getenv("MSCTL_CONFIG");
  if (argc == 3 && std::string_view(argv[1]) == "--config") {
    file = argv[2];
  } else if (argc == 1 && from_environment != nullptr) {
    file = from_environment;
  } else {
    return base::fail(base::ErrorCode::invalid, std::string("usage: ") + argv[0] +
                                                    " --config FILE (or MSCTL_CONFIG=FILE); `msctl up` writes that "
                                                    "file and starts the service with it");
  }
  std::ifstream in(file);
  if (!in) return base::fail(base::ErrorCode::not_found, file + ": cannot be read");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  auto config = parse_config(text);
  if (!config) return base::fail(config.error().code, file + ": " + config.error().message);
  config.value().settings = settings_of_this_process();
  return config;
}

// What this process was given beside its configuration. Read before any thread is started, since it is then removed
// from the environment.
struct Inheritance {
  NotifyLifecycle lifecycle;
  base::Result<std::vector<HeldSocket>> sockets = take_held_sockets();
};

// `PROGRAM --check PATH`: asks the service of this configuration whether it answers well there. For container engines,
// which can only ask by a program in the image.
int check(const Config& config, const std::string& path) {
  const auto port = config.ports.find("http");
  if (port == config.ports.end()) {
    std::fprintf(stderr, "there is no port http to ask\n");
    return EXIT_FAILURE;
  }
  base::http::Target target;
  if (config.bind != "0.0.0.0") target.address = config.bind;
  target.port = port->second;
  base::http::Request request;
  request.target = path;
  const auto answer = base::http::send_blocking(std::move(target), std::move(request), check_patience);
  if (answer && answer.value().status / 100 == 2) return EXIT_SUCCESS;
  const std::string why = answer ? "HTTP status " + std::to_string(answer.value().status) : answer.error().message;
  std::fprintf(stderr, "%s: %s\n", path.c_str(), why.c_str());
  return EXIT_FAILURE;
}

int failed(Log& log, const base::Error& error) {
  log.error("the service cannot run", {{"error", error.message}});
  return EXIT_FAILURE;
}

base::Result<void> adopt(Inheritance& inheritance, Config& config, AsioHttp& http, rpc::GrpcTransport& rpc) {
  TRY(auto sockets, std::move(inheritance.sockets));
  TRY(auto by_port, match_held_sockets(std::move(sockets), config.ports));
  for (auto& [name, listener] : by_port) {
    name == "grpc" ? rpc.adopt(std::move(listener)) : http.adopt(std::move(listener));
  }
  return base::success();
}

int run_with(Config config, Inheritance inheritance, const Run& run, HostOptions options) {
  // In order of construction; all of it outlives the service's run().
  const base::SystemClock clock;
  base::SystemRandom random;
  JsonLog log(clock, {config.name, config.instance});
  name_in_crashes(config.instance);
  Metrics metrics;
  IoThreads threads(options.io_threads);
  AsioScheduler scheduler(threads);
  AsioHttp http(threads);
  rpc::GrpcTransport rpc(threads.executors());
  DatabasesByUrl databases(clock);
  BrokersByUrl by_url;
  const bool is_tested = !config.states_secret.empty();
  broker::Published published;
  broker::RecordingBrokers recording(by_url, published);
  broker::Brokers& brokers = is_tested ? static_cast<broker::Brokers&>(recording) : by_url;
  NotifyLifecycle& lifecycle = inheritance.lifecycle;
  Environment env{config, clock, random, scheduler, http, rpc, databases, brokers, log, metrics, lifecycle};
  if (is_tested) env.published = &published;

  base::Result<void> outcome = adopt(inheritance, config, http, rpc);
  if (!outcome) return failed(log, outcome.error());
  lifecycle.start_watchdog(threads);
  auto whole = [&]() -> base::Task<> { outcome = co_await run(env); };
  boost::asio::co_spawn(threads.first(), whole(), [&](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);  // a defect: end loudly, the supervisor starts us again
    threads.first().stop();
  });
  threads.run();
  threads.stop();
  return outcome ? EXIT_SUCCESS : failed(log, outcome.error());
}

}  // namespace

int run_service(int argc, char** argv, const Run& run, HostOptions options) {
  if (argc == 3 && std::string_view(argv[1]) == "--check") {
    const auto config = load(1, argv);
    if (config) return check(config.value(), argv[2]);
    std::fprintf(stderr, "%s\n", config.error().message.c_str());
    return usage_error;
  }
  report_crashes(std::filesystem::path(argv[0]).filename());
  std::signal(SIGPIPE, SIG_IGN);
  Inheritance inheritance;
  google::protobuf::SetLogHandler(nullptr);  // its plain lines would stand among our JSON; the caller gets the error
  auto config = load(argc, argv);
  if (config) return run_with(std::move(config).value(), std::move(inheritance), run, options);
  std::fprintf(stderr, "%s\n", config.error().message.c_str());
  return config.error().code == base::ErrorCode::invalid ? usage_error : EXIT_FAILURE;
}

}  // namespace chassis
