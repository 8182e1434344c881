#pragma once
// What the supervisor and its clients tell each other: JSON over HTTP/1.1 on a Unix socket. Plain values.
//
//   GET  /v1/status                              StatusView
//   GET  /v1/services                            {"services": [ServiceView…]}, in start order
//   GET  /v1/health                              HealthReport, asked afresh
//   GET  /v1/events?after=SEQ&wait_ms=N          {"events": [EventView…]}, at once or as soon as there is one after SEQ
//   POST /v1/up {"services": [name…]}            starts them (none: all) and what they require: StartReply
//   POST /v1/services/NAME/{start,stop,restart}  StartReply
//   POST /v1/down                                stops everything, then the supervisor ends: StartReply
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

struct ServiceView {
  std::string name;
  std::string state;       // as core::name gives it
  std::optional<int> pid;  // while there is a process
  int restarts = 0;        // after a crash, since the supervisor started
  double uptime_s = 0;     // of the process
  std::map<std::string, std::uint16_t> ports;
  std::string reason;  // why it is in this state
  // Where in its log file, in bytes, the output of its last start begins; none when this start made no process.
  std::optional<std::uint64_t> log_from;
};

// One change of one service's state. `seq` grows by one each time and starts at 1.
struct EventView {
  std::uint64_t seq = 0;
  std::string time;  // RFC 3339
  std::string service;
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
};

// The services that were meant, as they were before the request, and the last event before it.
struct StartReply {
  std::vector<ServiceView> services;
  std::uint64_t after = 0;
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
base::Json to_json(const StartReply& reply);
base::Json to_json(const HealthReport& report);

// Errors: malformed, when a key is missing or has another type.
base::Result<ServiceView> service_view(const base::Json& json);
base::Result<EventView> event_view(const base::Json& json);
base::Result<StatusView> status_view(const base::Json& json);
base::Result<StartReply> start_reply(const base::Json& json);

// An error as the API sends it, and back. Unknown codes read as internal.
base::Json error_json(const base::Error& error);
base::Error error_from(const base::Json& json);
int http_status(base::ErrorCode code);

}  // namespace control
