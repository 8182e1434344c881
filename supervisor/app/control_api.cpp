#include "supervisor/app/control_api.hpp"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <limits>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/json.hpp"
#include "supervisor/app/answers.hpp"
#include "supervisor/app/fault_api.hpp"
#include "supervisor/posix/file.hpp"

namespace app {
namespace {

using base::http::Request;
using base::http::Response;

Response framing_error(int status, std::string_view detail, const Request& /*request*/) {
  return json_response(status, {{"error", {{"code", "malformed"}, {"message", std::string(detail)}}}});
}

Response accepted(const base::Result<control::StartReply>& reply) {
  return reply ? json_response(202, control::to_json(reply.value())) : error_response(reply.error());
}

base::Result<std::uint64_t> number_of(const Request& request, std::string_view name) {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (!base::http::parse_query(request.query(), pairs)) {
    return base::fail(base::ErrorCode::malformed, "the query string cannot be read");
  }
  for (const auto& [key, value] : pairs) {
    if (key != name) continue;
    std::uint64_t number = 0;
    const auto end = std::from_chars(value.data(), value.data() + value.size(), number);
    if (end.ec == std::errc() && end.ptr == value.data() + value.size()) return number;
    return base::fail(base::ErrorCode::malformed, key + " must be a number");
  }
  return std::uint64_t{0};
}

constexpr int max_replicas = 100;  // of one service

base::Result<control::UpRequest> up_request_of(const Request& request) {
  TRY(const base::Json json, object_of(request));
  auto read = control::up_request(json);
  for (const auto& [name, count] : read ? read.value().scale : std::map<std::string, int>{}) {
    if (count >= 0 && count <= max_replicas) continue;
    return base::fail(base::ErrorCode::malformed, "scale: expected 0 to " + std::to_string(max_replicas));
  }
  if (read) return read;
  return base::fail(base::ErrorCode::malformed,
                    "expected {\"services\": a list of names, \"scale\": {name: number}, …}");
}

base::Result<int> whole_number(const base::Json& object, const char* key, int least, int most) {
  const auto found = object.find(key);
  if (found != object.end() && found->is_number_integer()) {
    const auto value = found->get<std::int64_t>();
    if (value >= least && value <= most) return static_cast<int>(value);
  }
  return base::fail(base::ErrorCode::malformed, std::string(key) + " must be a whole number from " +
                                                    std::to_string(least) + " to " + std::to_string(most));
}

base::Json list_json(const std::vector<control::ServiceView>& views) {
  base::Json list = base::Json::array();
  for (const auto& view : views) list.push_back(control::to_json(view));
  return {{"services", std::move(list)}};
}

constexpr std::chrono::milliseconds last_question_wait{300};

// A sleep that a callback can end early; shared with callbacks that may come after the request is gone.
using Alarm = std::shared_ptr<boost::asio::steady_timer>;

Alarm make_alarm(boost::asio::io_context& io, std::chrono::milliseconds wait) {
  return std::make_shared<boost::asio::steady_timer>(io, wait);
}

base::Task<> sleep_on(Alarm alarm) {
  boost::system::error_code ignored;
  auto token = boost::asio::redirect_error(base::use_task, ignored);
  co_await alarm->async_wait(std::move(token));
}

class Api {
 public:
  explicit Api(ApiContext context) : context_(std::move(context)) {}

  base::Task<Response> answer(Request request) {
    if (is_stranger(request)) co_return error_response(base::fail(base::ErrorCode::permission, "not your cluster"));
    const std::string path(request.path());
    if (path == "/v1/status") co_return get(request, control::to_json(context_.status()));
    if (path == "/v1/services") co_return get(request, list_json(context_.supervisor.services()));
    if (path == "/v1/health" && request.method == "GET") co_return co_await health();
    if (path == "/v1/events" && request.method == "GET") co_return co_await events(std::move(request));
    if (path == "/v1/health" || path == "/v1/events") co_return wrong_method("GET");
    if (path == "/v1/up") co_return post(request, [&] { return up(request); });
    if (path == "/v1/plan") co_return post(request, [&] { return plan(request); });
    if (path == "/v1/down") co_return post(request, [&] { return down(); });
    if (path.starts_with("/v1/gates") || path.starts_with("/v1/faults")) {
      co_return answer_fault(context_.faults, request, path);
    }
    if (path.starts_with(services_prefix)) co_return post(request, [&] { return on_service(path, request); });
    co_return unknown_resource();
  }

 private:
  static constexpr std::string_view services_prefix = "/v1/services/";

  // The folder's mode keeps others out already; this holds when somebody loosened it. Root may do all anyway.
  static bool is_stranger(const Request& request) {
    return request.peer_uid > 0 && request.peer_uid != static_cast<int>(::geteuid());
  }

  static Response get(const Request& request, const base::Json& body) {
    return request.method == "GET" ? json_response(200, body) : wrong_method("GET");
  }

  template <class Act>
  static Response post(const Request& request, Act act) {
    return request.method == "POST" ? act() : wrong_method("POST");
  }

  Response up(const Request& request) {
    const auto wanted = up_request_of(request);
    if (!wanted) return error_response(wanted.error());
    if (wanted.value().reload) {
      const auto loaded = context_.reload(wanted.value().launch);
      if (!loaded) return error_response(loaded.error());
    }
    return accepted(context_.supervisor.up(wanted.value()));
  }

  Response plan(const Request& request) {
    const auto wanted = up_request_of(request);
    if (!wanted) return error_response(wanted.error());
    const auto plan = context_.plan(wanted.value());
    if (!plan) return error_response(plan.error());
    base::Json list = base::Json::array();
    for (const auto& one : plan.value()) list.push_back(control::to_json(one));
    return json_response(200, {{"plan", std::move(list)}});
  }

  // Who asks for the end wants to see it, also when nothing takes time to end.
  Response down() {
    auto reply = context_.supervisor.shut_down(context_.end);
    context_.supervisor.events().read_up_to(reply.after);
    return accepted(std::move(reply));
  }

  Response on_service(const std::string& path, const Request& request) {
    const auto slash = path.rfind('/');
    if (slash < services_prefix.size()) return unknown_resource();
    std::string name;
    if (!base::http::percent_decode(path.substr(services_prefix.size(), slash - services_prefix.size()), name)) {
      return unknown_resource();
    }
    const auto body = object_of(request);
    if (!body) return error_response(body.error());
    return act(name, path.substr(slash + 1), body.value());
  }

  Response act(const std::string& name, const std::string& verb, const base::Json& body) {
    Supervisor& supervisor = context_.supervisor;
    if (verb == "start") return accepted(supervisor.start(name));
    if (verb == "stop") return accepted(supervisor.stop(name));
    if (verb == "restart") return accepted(supervisor.restart(name));
    if (verb == "roll") return accepted(supervisor.roll(name));
    if (verb == "resume") return accepted(supervisor.resume(name));
    if (verb == "pause") return pause(name, body);
    if (verb != "scale") return unknown_resource();
    const auto replicas = whole_number(body, "replicas", 0, max_replicas);
    return replicas ? accepted(supervisor.scale(name, replicas.value())) : error_response(replicas.error());
  }

  // Whoever holds it may be killed; then nobody else would ever resume it.
  Response pause(const std::string& name, const base::Json& body) {
    auto reply = context_.supervisor.pause(name);
    if (!reply) return error_response(reply.error());
    if (const auto holder = whole_number(body, "holder", 1, std::numeric_limits<int>::max())) {
      const int handle = static_cast<int>(::syscall(SYS_pidfd_open, holder.value(), 0));
      if (handle < 0) {
        static_cast<void>(context_.supervisor.resume(name));
        return error_response(base::fail(base::ErrorCode::conflict, "its holder is gone"));
      }
      auto watched = std::make_shared<boost::asio::posix::stream_descriptor>(context_.io, handle);
      watched->async_wait(boost::asio::posix::descriptor_base::wait_read,
                          [watched, name, &supervisor = context_.supervisor](boost::system::error_code error) {
                            if (!error) static_cast<void>(supervisor.resume(name));
                          });
    }
    return accepted(std::move(reply));
  }

  base::Task<Response> health() {
    auto alarm = make_alarm(context_.io, max_event_wait);
    auto report = std::make_shared<control::HealthReport>();
    context_.supervisor.health([alarm, report](control::HealthReport made) {
      *report = std::move(made);
      alarm->cancel();
    });
    co_await sleep_on(alarm);
    co_return json_response(200, control::to_json(*report));
  }

  base::Task<Response> events(Request request) {
    const auto after = number_of(request, "after");
    if (!after) co_return error_response(after.error());
    const auto wait = number_of(request, "wait_ms");
    if (!wait) co_return error_response(wait.error());
    EventLog& log = context_.supervisor.events();
    log.read_up_to(after.value());
    if (log.after(after.value()).empty() && wait.value() > 0 && !log.closed()) {
      const auto longest = static_cast<std::uint64_t>(max_event_wait.count());
      auto alarm = make_alarm(context_.io, std::chrono::milliseconds(std::min(wait.value(), longest)));
      const auto id = log.wait([alarm] { alarm->cancel(); });
      co_await sleep_on(alarm);
      log.leave(id);
    }
    base::Json list = base::Json::array();
    for (const auto& event : log.after(after.value())) list.push_back(control::to_json(event));
    const base::Json body = {{"events", std::move(list)}};
    co_return json_response(200, body);
  }

  ApiContext context_;
};

base::http::ServerLimits limits() {
  base::http::ServerLimits limits;
  limits.body_bytes = max_request_bytes;
  limits.connections = 128;
  limits.header_timeout = std::chrono::milliseconds(5'000);
  limits.body_timeout = std::chrono::milliseconds(5'000);
  limits.idle_timeout = std::chrono::milliseconds(10'000);
  return limits;
}

}  // namespace

base::http::Handler make_api(ApiContext context) {
  auto api = std::make_shared<Api>(std::move(context));
  return [api](Request request) { return api->answer(std::move(request)); };
}

ControlServer::ControlServer(std::filesystem::path socket, base::http::Listener listener, ApiContext context)
    : io_(context.io),
      socket_(std::move(socket)),
      listener_(std::move(listener)),
      supervisor_(context.supervisor),
      place_(posix::inode_of(socket_)),
      server_(context.io, listener_, limits(), make_api(context), framing_error) {}

base::Result<std::unique_ptr<ControlServer>> ControlServer::open(const std::filesystem::path& socket,
                                                                 ApiContext context) {
  struct stat info {};
  if (::lstat(socket.c_str(), &info) == 0) {
    if (!S_ISSOCK(info.st_mode)) {
      return base::fail(base::ErrorCode::permission, socket.string() + " is not a socket: move it away");
    }
    ::unlink(socket.c_str());
  }
  TRY(base::http::Listener listener, base::http::Listener::unix_socket(socket.string()));
  std::unique_ptr<ControlServer> made(new ControlServer(socket, std::move(listener), std::move(context)));
  made->server_.start();
  return made;
}

ControlServer::~ControlServer() = default;

base::Task<> ControlServer::close(std::chrono::milliseconds deadline) {
  EventLog& log = supervisor_.events();
  if (log.has_reader_behind()) {
    // It is between two questions: it shall see the last service stop before nobody answers any more.
    const auto alarm = make_alarm(io_, last_question_wait);
    log.on_caught_up([alarm] { alarm->cancel(); });
    co_await sleep_on(alarm);
  }
  log.close();
  co_await server_.drain(deadline);
  if (posix::inode_of(socket_) == place_) ::unlink(socket_.c_str());
}

}  // namespace app
