#pragma once
// What travels with one call through every layer and to the next service: who asked (trace, request id) and how long
// there is left. A plain value.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace chassis {

namespace ledger {
class Claim;
}

// W3C Trace Context (https://www.w3.org/TR/trace-context/), version 00.
struct TraceContext {
  std::string trace_id;   // 32 lower-case hex digits, never all zero
  std::string span_id;    // 16, never all zero; the id of the work done here
  std::string parent_id;  // span id of the caller, empty for a new trace
  bool sampled = true;
  std::string tracestate;  // passed on unread; empty when absent or invalid

  // `00-<trace_id>-<span_id>-01`
  std::string traceparent() const;
};

// Continues the caller's trace, or begins a new one when `traceparent` is absent or invalid (version ff, zero ids,
// upper-case or short fields are invalid; a higher version is read by its first four fields, as the standard says).
TraceContext continue_trace(std::string_view traceparent, std::string_view tracestate, base::Random& random);

// A child span's context for a call that leaves this service.
TraceContext child_of(const TraceContext& parent, base::Random& random);

struct CallContext {
  TraceContext trace;
  std::string request_id;    // 1–128 of [A-Za-z0-9._-]; taken from X-Request-Id or new
  base::Monotonic deadline;  // the answer is worth nothing after it
  // What is being answered here, as metrics name it: `POST /v1/orders` or `/order.v1.OrderService/PlaceOrder`, never a
  // path. Calls made meanwhile are counted for it. Empty for work that nobody asked for.
  std::string endpoint = {};
  std::shared_ptr<ledger::Claim> claim = {};  // of work that is to be done once (ledger/ledger.hpp), else null
};

// The caller's X-Request-Id when it is well-formed, else a new one.
std::string accept_request_id(std::string_view offered, const base::Clock& clock, base::Random& random);

}  // namespace chassis
