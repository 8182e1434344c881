#pragma once
// What goes over the supervisor's socket about faults and gates. Plain values.
//
//   POST /v1/gates GateRequest          puts a gate before each port of a service: the service moves to other ports,
//                                       rolling. GateView, `opening` at first
//   GET  /v1/gates                      {"gates": [GateView…]}
//   POST /v1/gates/SERVICE/close        GateView
//   POST /v1/faults FaultRequest        FaultView; what goes through a gate needs an `open` one
//   GET  /v1/faults                     {"faults": [FaultView…]}, those that last
//   POST /v1/faults/ID/end              FaultView
//
// Whoever asks names a process that must live on, `holder`: when that is gone, or a fault's ttl_ms are over, it is
// undone, whatever became of whoever asked. What a supervisor did is undone when it ends, and when it is killed.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace control {

struct GateRequest {
  std::string service;
  int holder = 0;  // pid
};

struct GatePort {
  std::string name;
  std::uint16_t front = 0;  // where callers look
  std::uint16_t back = 0;   // where the service is meanwhile
};

struct GateView {
  std::string service;
  std::string state;   // opening, open, closing, closed; failed, until its holder closes it or is gone
  std::string reason;  // of a failure
  std::vector<GatePort> ports;
  int holder = 0;
};

struct FaultRequest {
  std::string
      fault;  // kill, pause, or a mode of gates: delay, throttle, pieces, corrupt, blackhole, hang, refuse, reset
  std::string service;  // for kill and pause an instance will do
  std::string from;     // gates: only for connections of that service; empty: for all
  std::int64_t delay_ms = 0;
  std::int64_t bytes_per_second = 0;
  std::int64_t piece = 0;
  std::int64_t every = 0;
  int holder = 0;
  std::int64_t ttl_ms = 0;  // 0: until it is ended or the holder is gone
};

struct FaultView {
  std::uint64_t id = 0;
  std::string fault;
  std::string service;
  std::string from;
  std::string since;                             // RFC 3339
  std::vector<std::pair<std::string, int>> hit;  // kill and pause: instances and pids
  int holder = 0;
};

base::Json to_json(const GateRequest& request);
base::Json to_json(const GateView& view);
base::Json to_json(const FaultRequest& request);
base::Json to_json(const FaultView& view);

// Errors: malformed, with the key.
base::Result<GateRequest> gate_request(const base::Json& json);
base::Result<GateView> gate_view(const base::Json& json);
base::Result<FaultRequest> fault_request(const base::Json& json);
base::Result<FaultView> fault_view(const base::Json& json);

}  // namespace control
