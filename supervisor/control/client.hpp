#pragma once
// Talks to the supervisor of one cluster. Each call is one blocking exchange; a Client may be used by several threads.
// Errors: unavailable when no supervisor answers, permission when the cluster is another user's (with the next step),
// timeout, and what the supervisor refused with its own code.

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "supervisor/control/faults.hpp"
#include "supervisor/control/wire.hpp"

namespace control {

// The socket, relative to the cluster's state folder.
std::filesystem::path socket_path(const std::filesystem::path& state);

class Client {
 public:
  explicit Client(std::filesystem::path socket) : socket_(std::move(socket)) {}

  // Whether there is a socket that this user may use. Errors: unavailable, permission.
  base::Result<void> reachable() const;
  base::Result<StatusView> status() const;
  base::Result<std::vector<ServiceView>> services() const;
  // The report as it was sent.
  base::Result<base::Json> health() const;
  // Waits at most `wait` for an event after `seq`.
  base::Result<std::vector<EventView>> events(std::uint64_t seq, std::chrono::milliseconds wait) const;
  base::Result<StartReply> up(const UpRequest& request) const;
  base::Result<std::vector<PlanView>> plan(const UpRequest& request) const;
  base::Result<StartReply> down() const;
  // `verb` as in wire.hpp: start, stop, restart, pause, …; `body` is what it takes.
  base::Result<StartReply> service(const std::string& name, const std::string& verb,
                                   const base::Json& body = base::Json::object()) const;

  // See faults.hpp.
  base::Result<GateView> open_gate(const GateRequest& request) const;
  base::Result<GateView> close_gate(const std::string& service) const;
  base::Result<std::vector<GateView>> gates() const;
  base::Result<FaultView> begin_fault(const FaultRequest& request) const;
  base::Result<FaultView> end_fault(std::uint64_t id) const;
  base::Result<std::vector<FaultView>> faults() const;

 private:
  base::Result<base::Json> call(const std::string& method, const std::string& target, const base::Json& body,
                                std::chrono::milliseconds timeout) const;
  base::Result<StartReply> post(const std::string& target, const base::Json& body) const;

  std::filesystem::path socket_;
};

}  // namespace control
