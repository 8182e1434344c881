#pragma once
// A connection and an iteration as the worker keeps them. Plain values; one thread.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cli/libexec/load/grpc_session.hpp"
#include "cli/libexec/load/response_parser.hpp"
#include "cli/libexec/load/tls.hpp"
#include "cli/load/plan.hpp"

namespace load {

struct Connection {
  enum class State : std::uint8_t { free, connecting, handshake, idle, busy };

  int fd = -1;
  State state = State::free;
  bool peer_ended = false;       // no answer will come after this one
  std::uint32_t generation = 0;  // events of an earlier use of this slot are passed over
  std::size_t origin = 0;
  int flow = -1;
  std::size_t written = 0;  // bytes of the flow's request
  std::uint64_t deadline_ns = 0;
  ResponseParser parser;
  std::unique_ptr<TlsStream> tls;
  std::unique_ptr<GrpcSession> grpc;
};

// One iteration of a scenario.
struct Flow {
  const Scenario* scenario = nullptr;
  std::size_t step = 0;
  Frame frame;
  std::uint64_t intended_ns = 0;
  std::uint64_t sent_ns = 0;  // 0: not yet
  int connection = -1;        // while a request is under way
  std::size_t origin = 0;
  int redirects = 0;
  bool on_time = false;    // its lateness is ours
  std::string request;     // when it is not the same each time
  std::string_view bytes;  // what is sent
  std::string trace_id;    // not empty: of this request
  std::string traceparent;
  std::int64_t wall_ms = 0;
};

}  // namespace load
