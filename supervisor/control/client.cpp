#include "supervisor/control/client.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/http/client.hpp"

namespace control {
namespace {

constexpr std::chrono::milliseconds answer_timeout{10'000};

// Reads the list under `key`, each item through `read`.
template <class View>
base::Result<std::vector<View>> list_of(const base::Json& json, const char* key,
                                        base::Result<View> (*read)(const base::Json&)) {
  std::vector<View> views;
  const auto found = json.find(key);
  if (found == json.end() || !found->is_array()) {
    return base::fail(base::ErrorCode::malformed, std::string("unexpected answer: no list ") + key);
  }
  for (const auto& one : *found) {
    TRY(View view, read(one));
    views.push_back(std::move(view));
  }
  return views;
}

std::string user_of(const std::filesystem::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return "another user";
  const passwd* const entry = ::getpwuid(info.st_uid);
  return entry != nullptr ? entry->pw_name : "user number " + std::to_string(info.st_uid);
}

}  // namespace

std::filesystem::path socket_path(const std::filesystem::path& state) { return state / "control" / "supervisor.sock"; }

// The state folder is closed to other users, so they cannot even see whether there is a socket in it.
base::Result<void> Client::reachable() const {
  if (::access(socket_.c_str(), R_OK | W_OK) == 0) return base::success();
  if (errno != EACCES && errno != EPERM) {
    return base::fail(base::ErrorCode::unavailable, "no supervisor runs for this cluster");
  }
  const auto state = socket_.parent_path().parent_path();
  const std::string owner = user_of(state);
  return base::fail(base::ErrorCode::permission,
                    "the cluster of " + state.string() + " runs as another user, and only " + owner +
                        " and root may ask its supervisor; run msctl as that user: sudo -u " + owner + " msctl ps");
}

base::Result<base::Json> Client::call(const std::string& method, const std::string& target, const base::Json& body,
                                      std::chrono::milliseconds timeout) const {
  TRY(reachable());
  base::http::Target where;
  where.unix_path = socket_.string();
  base::http::Request request;
  request.method = method;
  request.target = target;
  request.headers.set("Connection", "close");
  if (!body.is_null()) {
    request.headers.set("Content-Type", "application/json");
    request.body = base::dump_json(body);
  }
  TRY(const base::http::Response response, base::http::send_blocking(where, request, timeout));
  TRY(base::Json json, base::parse_json(response.body));
  if (response.status >= 400) return error_from(json);
  return json;
}

base::Result<StartReply> Client::post(const std::string& target, const base::Json& body) const {
  TRY(const base::Json json, call("POST", target, body, answer_timeout));
  return start_reply(json);
}

base::Result<StatusView> Client::status() const {
  TRY(const base::Json json, call("GET", "/v1/status", nullptr, answer_timeout));
  return status_view(json);
}

base::Result<std::vector<ServiceView>> Client::services() const {
  TRY(const base::Json json, call("GET", "/v1/services", nullptr, answer_timeout));
  return list_of<ServiceView>(json, "services", service_view);
}

base::Result<base::Json> Client::health() const { return call("GET", "/v1/health", nullptr, answer_timeout * 3); }

base::Result<std::vector<EventView>> Client::events(std::uint64_t seq, std::chrono::milliseconds wait) const {
  const std::string target = "/v1/events?after=" + std::to_string(seq) + "&wait_ms=" + std::to_string(wait.count());
  TRY(const base::Json json, call("GET", target, nullptr, wait + answer_timeout));
  return list_of<EventView>(json, "events", event_view);
}

base::Result<StartReply> Client::up(const UpRequest& request) const { return post("/v1/up", to_json(request)); }

base::Result<std::vector<PlanView>> Client::plan(const UpRequest& request) const {
  TRY(const base::Json json, call("POST", "/v1/plan", to_json(request), answer_timeout));
  return list_of<PlanView>(json, "plan", plan_view);
}

base::Result<StartReply> Client::down() const { return post("/v1/down", base::Json::object()); }

base::Result<GateView> Client::open_gate(const GateRequest& request) const {
  TRY(const base::Json json, call("POST", "/v1/gates", to_json(request), answer_timeout));
  return gate_view(json);
}

base::Result<GateView> Client::close_gate(const std::string& service) const {
  const std::string target = "/v1/gates/" + base::http::percent_encode(service) + "/close";
  TRY(const base::Json json, call("POST", target, base::Json::object(), answer_timeout));
  return gate_view(json);
}

base::Result<std::vector<GateView>> Client::gates() const {
  TRY(const base::Json json, call("GET", "/v1/gates", nullptr, answer_timeout));
  return list_of<GateView>(json, "gates", gate_view);
}

base::Result<FaultView> Client::begin_fault(const FaultRequest& request) const {
  TRY(const base::Json json, call("POST", "/v1/faults", to_json(request), answer_timeout));
  return fault_view(json);
}

base::Result<FaultView> Client::end_fault(std::uint64_t id) const {
  const std::string target = "/v1/faults/" + std::to_string(id) + "/end";
  TRY(const base::Json json, call("POST", target, base::Json::object(), answer_timeout));
  return fault_view(json);
}

base::Result<std::vector<FaultView>> Client::faults() const {
  TRY(const base::Json json, call("GET", "/v1/faults", nullptr, answer_timeout));
  return list_of<FaultView>(json, "faults", fault_view);
}

base::Result<StartReply> Client::service(const std::string& name, const std::string& verb,
                                         const base::Json& body) const {
  return post("/v1/services/" + base::http::percent_encode(name) + "/" + verb, body);
}

}  // namespace control
