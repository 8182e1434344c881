#pragma once
// What the supervisor and its clients tell each other: JSON over HTTP/1.1 on a Unix socket. Plain values.
//
//   GET  /v1/status                              StatusView
//   GET  /v1/services                            {"services": [ServiceView…]}, in start order
//   GET  /v1/health                              HealthReport, asked afresh
//   GET  /v1/events?after=SEQ&wait_ms=N          {"events": [EventView…]}, at once or as soon as there is one after SEQ
//   POST /v1/up UpRequest                        reads the files again, applies what changed, and starts what is asked
//                                                for and what that requires: StartReply
//   POST /v1/plan UpRequest                      what that would do: {"plan": [PlanView…]}
//   POST /v1/services/NAME/{start,stop,restart}  NAME is a service or one instance of it: StartReply
//   POST /v1/services/NAME/roll                  restarts one instance after the other, each new one ready before the
//                                                old one ends: StartReply
//   POST /v1/services/NAME/scale {"replicas": N} StartReply
//   POST /v1/services/NAME/{pause,resume}        no probes, time-outs and restarts while a debugger has it: StartReply
//   POST /v1/down                                stops everything, then the supervisor ends: StartReply
//
// Faults and gates are in faults.hpp.
//
// Errors are {"error": {"code", "message"}} with a fitting HTTP status. Readers ignore keys they do not know.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace control {

// One instance of a service.
struct ServiceView {
  std::string name;  // of the instance: the service's, or SERVICE.2 and so on for further ones
  std::string service;
  std::string state;       // as core::name gives it
  std::optional<int> pid;  // while there is a process
  int restarts = 0;        // after a crash, since the supervisor started
  double uptime_s = 0;     // of the process
  std::map<std::string, std::uint16_t> ports;
  std::string reason;                    // why it is in this state
  std::string status;                    // the process's own word for what it does (sd_notify STATUS), or empty
  std::optional<std::string> last_exit;  // how its last process ended, "exit code 1"
  std::optional<int> keeper;             // pid of the process that holds its sockets and its log
  bool booted = false;                   // this process has come up once
  bool live = false;                     // runs, and its live probe does not fail
  bool ready = false;
  bool paused = false;
  bool mock = false;       // a stub runs in the service's place
  bool replacing = false;  // a rolling restart has it or will come to it
  std::vector<std::string>
      probes;  // the last answers of its probes, oldest first, as "12:00:01.250 ready http://… HTTP status 503"
  // When its last start began, in microseconds since 1970: output from then on is that start's. None when this start
  // made no process.
  std::optional<std::uint64_t> log_from;
};

// One change of one service's state. `seq` grows by one each time and starts at 1.
struct EventView {
  std::uint64_t seq = 0;
  std::string time;     // RFC 3339
  std::string service;  // name of the instance, as ServiceView::name
  std::string state;
  std::string reason;
  std::optional<int> pid;
  std::int64_t elapsed_ms = 0;            // since its process was started; 0 when it has none
  std::optional<std::uint64_t> log_from;  // as in ServiceView
};

struct StatusView {
  int pid = 0;
  std::string version;
  double uptime_s = 0;
  std::map<std::string, int> services;  // state to count
  std::string cluster;
  std::string root;
  std::string registry;  // address of the registry, or empty
};

struct UpRequest {
  std::vector<std::string> services;  // none: all
  bool no_deps = false;               // only these, not what they require
  std::map<std::string, int> scale;   // service to number of instances
  bool reload = true;                 // read the files again and apply what changed
  // The whole description of the cluster anew, as the supervisor got it at its start; null: as it is.
  base::Json launch = nullptr;
};

// The services that were meant, as they were before the request, and the last event before it.
struct StartReply {
  std::vector<ServiceView> services;
  std::uint64_t after = 0;
};

// What an `up` would do with one instance: start, keep, replace or stop.
struct PlanView {
  std::string instance;
  std::string action;
  std::string reason;
};

struct CheckView {
  std::string name;
  bool ok = false;
  base::Json detail = base::Json::object();  // as the service gave it
};

struct ProbeView {
  bool ok = false;
  std::string status;  // the service's own word for it, or why not ok
  std::vector<CheckView> checks;
};

struct HealthView {
  std::string name;
  std::string state;
  ProbeView live;
  ProbeView ready;
};

struct HealthReport {
  bool ready = false;  // every service is ready or completed, and there is one
  std::vector<HealthView> services;
};

base::Json to_json(const ServiceView& view);
base::Json to_json(const EventView& view);
base::Json to_json(const StatusView& view);
base::Json to_json(const UpRequest& request);
base::Json to_json(const StartReply& reply);
base::Json to_json(const HealthReport& report);
base::Json to_json(const PlanView& view);

// Errors: malformed, when a key is missing or has another type.
base::Result<ServiceView> service_view(const base::Json& json);
base::Result<EventView> event_view(const base::Json& json);
base::Result<StatusView> status_view(const base::Json& json);
base::Result<UpRequest> up_request(const base::Json& json);
base::Result<PlanView> plan_view(const base::Json& json);
base::Result<StartReply> start_reply(const base::Json& json);

// An error as the API sends it, and back. Unknown codes read as internal.
base::Json error_json(const base::Error& error);
base::Error error_from(const base::Json& json);
int http_status(base::ErrorCode code);

}  // namespace control
