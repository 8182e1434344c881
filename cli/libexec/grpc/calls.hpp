#pragma once
// The calls that wait for an answer from whoever started `msctl-grpc serve`. Thread-safe: gRPC's threads announce
// calls, the main thread answers them.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include <grpcpp/generic/async_generic_service.h>

#include "base/json.hpp"
#include "cli/libexec/grpc/lines.hpp"
#include "cli/libexec/grpc/wire.hpp"
#include "cli/libexec/proto/schema.hpp"

namespace grpc_program {

inline constexpr std::size_t max_waiting_calls = 1000;

class WaitingCall;

class Calls {
 public:
  // `schema` may be null; `out` is lent.
  Calls(std::shared_ptr<const proto::Schema> schema, LineWriter& out, std::chrono::milliseconds answer_timeout)
      : schema_(std::move(schema)), out_(out), answer_timeout_(answer_timeout) {}

  grpc::ServerGenericBidiReactor* accept(grpc::GenericCallbackServerContext& context);

  // A line of the parent's. What is wrong with it is told by a line.
  void answer(const std::string& line);
  // Ends with DEADLINE_EXCEEDED what has waited too long.
  void expire();
  // Ends what still waits with UNAVAILABLE.
  void cut();
  bool empty() const;

 private:
  friend class WaitingCall;
  using Clock = std::chrono::steady_clock;

  // Of WaitingCall, on gRPC's threads.
  std::int64_t add(WaitingCall& call);
  void announce(std::int64_t id, const grpc::GenericCallbackServerContext& context, const grpc::ByteBuffer& request);
  void cancelled(std::int64_t id);
  void remove(std::int64_t id);

  base::Result<void> try_answer(const base::Json& answer, std::int64_t id);

  std::shared_ptr<const proto::Schema> schema_;
  LineWriter& out_;
  std::chrono::milliseconds answer_timeout_;

  // Held while a call is finished, so that none vanishes under it.
  mutable std::recursive_mutex mutex_;
  std::int64_t last_id_ = 0;
  struct Waiting {
    WaitingCall* call = nullptr;
    Clock::time_point until = Clock::time_point::max();  // set once announced
  };
  std::map<std::int64_t, Waiting> calls_;
};

}  // namespace grpc_program
