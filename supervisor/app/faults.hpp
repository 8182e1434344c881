#pragma once
// Faults that somebody asked for and the gates that some of them need, each held by a process: when that is gone, what
// it asked for is undone. The io_context's thread.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "supervisor/app/supervisor.hpp"
#include "supervisor/control/faults.hpp"
#include "supervisor/gate/gates.hpp"
#include "supervisor/posix/file.hpp"

namespace app {

inline constexpr std::chrono::milliseconds gate_timeout{60'000};  // for a service to come up at its other ports

class Faults {
 public:
  // All lent. `is_of` is called on the gates' thread.
  Faults(boost::asio::io_context& io, Supervisor& supervisor, ports::Timers& timers, const base::Clock& clock,
         gate::IsOf is_of);
  // Undoes nothing but the gates: what is frozen is the host's to resume.
  ~Faults();
  Faults(const Faults&) = delete;

  // Errors: those of Supervisor::move, conflict (another holder's), unavailable (the holder is gone).
  base::Result<control::GateView> open_gate(const control::GateRequest& request);
  // Ends the faults that need it first. Errors: not_found.
  base::Result<control::GateView> close_gate(const std::string& service);
  std::vector<control::GateView> gates() const;
  // Errors: malformed (unknown fault, a number is missing), not_found, conflict (no open gate), unavailable.
  base::Result<control::FaultView> begin(const control::FaultRequest& request);
  base::Result<control::FaultView> end(std::uint64_t id);
  std::vector<control::FaultView> faults() const;
  // Everything, now; for the end of the cluster.
  void end_all();

 private:
  struct Held;  // a process handle that is watched
  struct Place {
    control::GateView view;
    std::vector<MovedPort> ports;
    std::shared_ptr<Held> holder;
    base::Monotonic until{};
    ports::TimerId timer = 0;
    std::size_t closing = 0;  // fronts that are not closed yet
  };
  struct Fault {
    control::FaultView view;
    gate::Rule rule;
    bool at_gate = false;
    std::shared_ptr<Held> holder;
    ports::TimerId timer = 0;
  };

  base::Result<std::shared_ptr<Held>> hold(int pid, std::function<void()> gone);
  base::Result<gate::Rule> rule_of(const control::FaultRequest& request) const;
  void follow(const std::string& service);
  void step(const std::string& service);
  void opened(const std::string& service);
  void fail(const std::string& service, const std::string& why);
  void shut(Place& place, const std::string& service);
  void closed(const std::string& service);
  void open_fronts(Place& place, bool held);
  void use_rules(const std::string& service);

  boost::asio::io_context& io_;
  Supervisor& supervisor_;
  ports::Timers& timers_;
  const base::Clock& clock_;
  std::map<std::string, Place> places_;  // by service
  std::map<std::uint64_t, Fault> faults_;
  std::uint64_t last_ = 0;
  gate::Gates gates_;
};

}  // namespace app
