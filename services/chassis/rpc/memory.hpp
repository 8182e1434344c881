#pragma once
// Calls between services of one process, for tests: no threads, no bytes on a wire. A handler runs on the executor of
// its caller. Thread-safe. The deadline is checked before a handler begins and when it has ended; nothing is cut short.

#include <memory>
#include <string>

#include "services/chassis/rpc/rpc.hpp"

namespace chassis::rpc {

class MemoryTransport final : public Transport {
 public:
  explicit MemoryTransport(const base::Clock& clock);
  ~MemoryTransport() override;

  // Port 0 takes a free number from 20000 on.
  base::Result<std::unique_ptr<Server>> serve(const std::string& address, std::uint16_t port, Methods methods) override;
  std::unique_ptr<Channel> connect(const std::string& addresses) override;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace chassis::rpc
