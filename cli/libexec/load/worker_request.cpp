#include <algorithm>
#include <array>
#include <chrono>

#include "base/http/message.hpp"
#include "cli/libexec/load/worker.hpp"

namespace load {
namespace {

bool is_static(const Step& step) {
  return step.target.is_static() && step.body.is_static() &&
         std::all_of(step.headers.begin(), step.headers.end(), [](const auto& one) { return one.second.is_static(); });
}

bool takes_body(const std::string& method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

void append_hex(std::uint64_t bits, std::string& out) {
  static constexpr const char* digits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out += digits[(bits >> shift) & 15];
}

}  // namespace

void Worker::prepare() {
  prepared_.resize(plan_.step_count());
  for (const Scenario* scenario : scenarios_) {
    for (const auto& step : scenario->steps) {
      Prepared& prepared = prepared_[step.index];
      prepared.step = &step;
      prepared.keeps =
          step.needs_body() || !step.captures.empty() || !step.expect.headers.empty() || step.redirects > 0;
      Flow flow;
      flow.origin = step.origin;
      flow.frame.slots = shared_.slots;
      if (step.grpc_method.empty() ? !is_static(step) : !step.body.is_static()) continue;
      if (step.grpc_method.empty()) {
        compose(flow, prepared, {}, true);
      } else if (const auto encoded = compose_message(flow, step); !encoded) {
        broken_ = step.name + ": " + encoded.error().message;
        return;
      }
      prepared.bytes = flow.request;
      prepared.is_static = true;
    }
  }
}

// `target` not empty: of a redirect.
void Worker::compose(Flow& flow, const Prepared& prepared, std::string_view target, bool with_body) {
  const Step& step = *prepared.step;
  std::string& out = flow.request;
  out.clear();
  const bool turned = !target.empty() && !with_body && takes_body(step.method);  // POST becomes GET
  out += turned ? "GET" : step.method;
  out += ' ';
  if (target.empty()) {
    filler_.append(step.target, flow.frame, out);
  } else {
    out += target;
  }
  out += " HTTP/1.1\r\n";
  bool has_host = false;
  for (const auto& [name, value] : step.headers) {
    has_host = has_host || base::http::iequals(name, "host");
    if (!with_body && base::http::iequals(name, "content-type")) continue;
    // A token is for whom it was given to.
    if (flow.origin != step.origin && base::http::iequals(name, "authorization")) continue;
    out += name;
    out += ": ";
    filler_.append(value, flow.frame, out);
    out += "\r\n";
  }
  if (!has_host) out += "Host: " + origins_[flow.origin].origin.authority + "\r\n";
  scratch_.clear();
  if (with_body) filler_.append(step.body, flow.frame, scratch_);
  if (!scratch_.empty() || (takes_body(step.method) && !turned)) {
    out += "Content-Length: " + std::to_string(scratch_.size()) + "\r\n";
  }
  out += "\r\n";
  out += scratch_;
}

// The framed message of a gRPC call.
base::Result<void> Worker::compose_message(Flow& flow, const Step& step) {
  scratch_.clear();
  filler_.append(step.body, flow.frame, scratch_);
  flow.request.clear();
  return shared_.codec->encode(step.grpc_method, scratch_, flow.request);
}

// W3C Trace Context: version, trace id, span id, and that it is sampled.
void Worker::add_trace(Flow& flow) {
  if (plan_.trace_every == 0 || ++trace_turn_ % plan_.trace_every != 0) return;
  std::mt19937_64& random = filler_.unique();
  flow.trace_id.clear();
  append_hex(random(), flow.trace_id);
  append_hex(random() | 1, flow.trace_id);
  flow.traceparent = "00-" + flow.trace_id + "-";
  append_hex(random() | 1, flow.traceparent);
  flow.traceparent += "-01";
  if (step_of(flow).grpc_method.empty()) {
    if (flow.bytes.data() != flow.request.data()) flow.request = flow.bytes;
    flow.request.insert(flow.request.find("\r\n") + 2, "traceparent: " + flow.traceparent + "\r\n");
    flow.bytes = flow.request;
  }
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  flow.wall_ms = std::chrono::duration_cast<std::chrono::milliseconds>(wall).count();
}

}  // namespace load
