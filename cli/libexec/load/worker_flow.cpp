#include <algorithm>

#include "base/http/message.hpp"
#include "cli/libexec/load/worker.hpp"
#include "cli/load/origin.hpp"
#include "cli/load/pointer.hpp"

namespace load {
namespace {

constexpr std::uint64_t pause_after_no_connection_ns = 50'000'000;
constexpr std::size_t most_origins = 256;

bool is_expected(const Step& step, int status) {
  const auto& ranges = step.expect.statuses;
  if (ranges.empty()) return step.grpc_method.empty() ? status < 400 : status == 0;
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const auto& range) { return status >= range.first && status <= range.second; });
}

std::string shortened(std::string_view text) {
  static constexpr std::size_t longest = 200;
  return text.size() <= longest ? std::string(text) : std::string(text.substr(0, longest)) + "…";
}

std::string status_in_words(const Connection& connection, int status) {
  std::string text = "status " + std::to_string(status);
  if (!connection.grpc) return text;
  if (const auto code = grpc_code(status); !code.empty()) text = std::string(code) + " (" + text + ")";
  const std::string message = connection.grpc->error_message();
  return message.empty() ? text : text + ": " + shortened(message);
}

// A path beside the one that `request` asked for, as RFC 3986 resolves it.
std::string beside(std::string_view request, const std::string& location) {
  request.remove_prefix(std::min(request.find(' ') + 1, request.size()));
  std::string_view path = request.substr(0, request.find_first_of(" ?"));
  if (!location.starts_with('?')) path = path.substr(0, path.rfind('/') + 1);
  return std::string(path) + location;
}

}  // namespace

// The scenario of an iteration, by the weights.
const Scenario& Worker::choose() {
  if (scenarios_.size() == 1) return *scenarios_.front();
  const double at = std::uniform_real_distribution<double>(0, weights_.back())(filler_.random());
  const auto chosen =
      static_cast<std::size_t>(std::upper_bound(weights_.begin(), weights_.end(), at) - weights_.begin());
  return *scenarios_[std::min(chosen, scenarios_.size() - 1)];
}

int Worker::new_flow() {
  ++live_flows_;
  if (free_flows_.empty()) {
    flows_.emplace_back();
    return static_cast<int>(flows_.size() - 1);
  }
  const int flow = free_flows_.back();
  free_flows_.pop_back();
  return flow;
}

void Worker::start_iteration(int index, std::uint64_t intended, bool on_time) {
  Flow& flow = flows_[static_cast<std::size_t>(index)];
  flow.scenario = &choose();
  flow.step = 0;
  flow.frame.slots = shared_.slots;
  flow.on_time = on_time;
  filler_.begin(flow.frame);
  begin_step(index, intended);
}

void Worker::begin_step(int index, std::uint64_t intended) {
  Flow& flow = flows_[static_cast<std::size_t>(index)];
  const Step& step = step_of(flow);
  const Prepared& prepared = prepared_[step.index];
  flow.intended_ns = intended;
  flow.sent_ns = 0;
  flow.redirects = 0;
  flow.origin = step.origin;
  if (!flow.trace_id.empty()) flow.trace_id.clear();
  if (prepared.is_static) {
    flow.bytes = prepared.bytes;
  } else {
    if (step.grpc_method.empty()) {
      compose(flow, prepared, {}, true);
    } else if (const auto encoded = compose_message(flow, step); !encoded) {
      return failed(index, ErrorKind::capture, "the message does not fit: " + encoded.error().message, now_ns());
    }
    flow.bytes = flow.request;
  }
  if (plan_.trace_every != 0) add_trace(flow);
  if (active_ < limit_ && waiting_.empty()) {
    place(index, intended);
    return;
  }
  flow.on_time = false;
  waiting_.push_back(index);
}

void Worker::end_iteration(int index, std::uint64_t now, bool well) {
  Flow& flow = flows_[static_cast<std::size_t>(index)];
  if (well) ++iterations_;
  if (job_ == Job::setup) captured_ = flow.frame.slots;
  if (arrivals_ || ending_ || job_ == Job::setup) {
    flow.scenario = nullptr;
    free_flows_.push_back(index);
    --live_flows_;
  } else if (well) {
    start_iteration(index, now, false);
  } else {
    fresh_.push_back(index);
  }
}

// The answer on a connection is whole.
void Worker::answered(int index, std::uint64_t now) {
  Connection& connection = connections_[static_cast<std::size_t>(index)];
  const int flow_index = connection.flow;
  Flow& flow = flows_[static_cast<std::size_t>(flow_index)];
  const Step& step = step_of(flow);
  const int status = connection.grpc ? connection.grpc->status() : connection.parser.status();
  const bool reusable = connection.grpc ? connection.grpc->usable() : connection.parser.keeps_alive();
  last_ns_ = now;
  const bool redirected = flow.redirects < step.redirects && status >= 301 && status <= 308 && status != 304;
  if (!redirected) {
    count_latency(flow, now);
    if (!is_warmup(flow.intended_ns))
      ++counts_[step.index].statuses[static_cast<std::size_t>(std::clamp(status, 0, 999))];
    if (!flow.trace_id.empty()) {
      samples_.add({flow.trace_id, step.index, now - flow.sent_ns, flow.wall_ms, status}, filler_.random()());
    }
  }
  std::string location;
  if (redirected) location = connection.parser.header("location");
  const bool good = redirected || examine(flow, step, status, now);
  --active_;
  connection.flow = -1;
  release(index, reusable && !connection.peer_ended);
  if (redirected) {
    scratch_ = location;
    if (redirect(flow_index, step, status)) return;
    return failed(flow_index, ErrorKind::redirect, "redirected to where load does not go: " + shortened(location), now);
  }
  if (!good) return end_iteration(flow_index, now, false);
  ++slice_.completed;
  if (!is_warmup(flow.intended_ns)) ++counts_[step.index].completed;
  if (shared_.journal.is_open()) note(flow, step, status, nullptr);
  go_on(flow_index, step, now);
}

// Whether the answer is as expected; what is to be captured is taken.
bool Worker::examine(Flow& flow, const Step& step, int status, std::uint64_t now) {
  const auto wrong = [&](ErrorKind kind, const std::string& why) {
    count_error(flow, kind, why, now);
    if (shared_.journal.is_open()) note(flow, step, status, name_of(kind));
    return false;
  };
  const Connection& connection = connections_[static_cast<std::size_t>(flow.connection)];
  if (!is_expected(step, status)) return wrong(ErrorKind::status, status_in_words(connection, status));
  if (!prepared_[step.index].keeps) return true;
  const std::string_view body = connection.grpc ? connection.grpc->body() : connection.parser.body();
  const auto header = [&](const std::string& name) {
    return connection.grpc ? connection.grpc->header(name) : connection.parser.header(name);
  };
  for (const auto& [name, pattern] : step.expect.headers) {
    if (!pattern.found_in(header(name))) {
      return wrong(ErrorKind::assertion, "header " + name + " is \"" + shortened(header(name)) + "\"");
    }
  }
  if (step.expect.body && !step.expect.body->found_in(body)) {
    return wrong(ErrorKind::assertion, "the body does not match: " + shortened(body));
  }
  if (!step.needs_body() && step.captures.empty()) return true;
  base::Json json;
  const bool wants_json =
      !step.expect.json.empty() || std::any_of(step.captures.begin(), step.captures.end(),
                                               [](const Capture& one) { return one.from == Capture::From::json; });
  if (wants_json) {
    auto parsed = connection.grpc ? shared_.codec->decode(step.grpc_method, body) : base::parse_json(body);
    if (!parsed) return wrong(ErrorKind::assertion, "the body is not JSON: " + shortened(body));
    json = std::move(parsed).value();
  }
  const auto at = [&](const std::string& pointer) { return find_at(json, pointer); };
  for (const auto& [pointer, expected] : step.expect.json) {
    const base::Json* found = at(pointer);
    if (found == nullptr) return wrong(ErrorKind::assertion, "the body has no " + pointer + ": " + shortened(body));
    if (*found != expected) {
      return wrong(ErrorKind::assertion, pointer + " is " + shortened(base::dump_json(*found)) + ", expected " +
                                             shortened(base::dump_json(expected)));
    }
  }
  for (const auto& capture : step.captures) {
    Value& slot = flow.frame.slots[capture.slot];
    if (capture.from == Capture::From::json) {
      const base::Json* found = at(capture.where);
      if (found == nullptr)
        return wrong(ErrorKind::capture, "the body has no " + capture.where + ": " + shortened(body));
      slot = value_of(*found);
    } else if (capture.from == Capture::From::header) {
      slot = {std::string(header(capture.where)), false};
      if (slot.text.empty()) return wrong(ErrorKind::capture, "there is no header " + capture.where);
    } else {
      const auto found = capture.pattern->first_in(body);
      if (!found) return wrong(ErrorKind::capture, "nothing in the body matches: " + shortened(body));
      slot = {std::string(*found), false};
    }
  }
  return true;
}

// To the place in scratch_. False when that is none that load may go to.
bool Worker::redirect(int index, const Step& step, int status) {
  std::string location = scratch_.substr(0, scratch_.find('#'));
  Flow& flow = flows_[static_cast<std::size_t>(index)];
  ++flow.redirects;
  if (location.empty() || location.find_first_of("\r\n ") != std::string::npos) return false;
  if (location.starts_with("//")) {
    location.insert(0, origins_[flow.origin].origin.protocol == Protocol::https ? "https:" : "http:");
  } else if (!location.starts_with('/') && location.find("://") == std::string::npos) {
    location = beside(flow.bytes, location);
  }
  std::string target = location;
  if (!location.starts_with('/')) {
    const auto address = read_address(location);
    if (!address || (address.value().scheme != "http" && address.value().scheme != "https")) return false;
    const Protocol protocol = address.value().scheme == "https" ? Protocol::https : Protocol::http;
    const auto same = std::find_if(origins_.begin(), origins_.end(), [&](const ResolvedOrigin& one) {
      const auto& ports = one.origin.ports;
      return one.origin.protocol == protocol && one.origin.host == address.value().host &&
             std::find(ports.begin(), ports.end(), address.value().port) != ports.end();
    });
    flow.origin = static_cast<std::size_t>(same - origins_.begin());
    if (same == origins_.end()) {
      auto other = shared_.places.other(protocol, address.value().host, address.value().port);
      if (!other || origins_.size() >= most_origins) return false;
      origins_.push_back(std::move(other).value());
      idle_.emplace_back();
      turns_.push_back(0);
    }
    target = address.value().path.empty() ? "/" : address.value().path;
  }
  compose(flow, prepared_[step.index], target, status == 307 || status == 308);
  flow.bytes = flow.request;
  flow.on_time = false;
  place(index, now_ns());
  return true;
}

void Worker::go_on(int index, const Step& step, std::uint64_t now) {
  Flow& flow = flows_[static_cast<std::size_t>(index)];
  const bool last = flow.step + 1 == flow.scenario->steps.size();
  std::uint64_t pause = step.think.least_ns;
  if (step.think.most_ns > pause) pause += filler_.random()() % (step.think.most_ns - pause + 1);
  if (ending_ || (last && (pause == 0 || arrivals_ || job_ == Job::setup))) return end_iteration(index, now, last);
  if (last) {
    ++iterations_;
    flow.scenario = nullptr;  // the next one begins after the pause
  } else {
    ++flow.step;
  }
  if (pause > 0) return thinking_.push({now + pause, index});
  flow.on_time = false;
  begin_step(index, now);
}

void Worker::failed(int index, ErrorKind kind, const std::string& why, std::uint64_t now) {
  Flow& flow = flows_[static_cast<std::size_t>(index)];
  // Who waited in vain has waited at least so long; a refusal at once says nothing about how long answers take.
  if (kind == ErrorKind::timeout) count_latency(flow, now);
  count_error(flow, kind, why, now);
  if (shared_.journal.is_open()) note(flow, step_of(flow), 0, name_of(kind));
  if (kind == ErrorKind::connect && !arrivals_ && !ending_ && job_ != Job::setup) {
    flow.scenario = nullptr;
    return thinking_.push({now + pause_after_no_connection_ns, index});
  }
  end_iteration(index, now, false);
}

}  // namespace load
