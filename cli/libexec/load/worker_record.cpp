#include <algorithm>
#include <chrono>
#include <utility>

#include "base/json.hpp"
#include "cli/libexec/load/worker.hpp"

namespace load {

void Worker::count_sent(const Flow& flow, std::uint64_t now) {
  if (now >= slice_end_ns_) turn_slice(now);
  ++slice_.sent;
  if (flow.on_time) health_.lateness.record(now > flow.intended_ns ? now - flow.intended_ns : 0);
  if (!is_warmup(flow.intended_ns)) ++counts_[step_of(flow).index].sent;
  if (plan_.budget.requests == 0) return;
  if (shared_.request_count.fetch_add(1, std::memory_order_relaxed) + 1 >= plan_.budget.requests) {
    shared_.stop_for(Shared::requests);
  }
}

void Worker::count_latency(const Flow& flow, std::uint64_t now) {
  if (now >= slice_end_ns_) turn_slice(now);
  const std::uint64_t corrected = now > flow.intended_ns ? now - flow.intended_ns : 0;
  const std::uint64_t uncorrected = flow.sent_ns == 0 ? corrected : now - flow.sent_ns;
  slice_.corrected.record(corrected);
  if (is_warmup(flow.intended_ns)) return;
  StepCounts& counts = counts_[step_of(flow).index];
  counts.uncorrected.record(uncorrected);
  if (plan_.open || job_ == Job::setup) counts.corrected.record(corrected);
}

void Worker::count_missed(std::size_t step, std::uint64_t due, std::uint64_t now) {
  ++slice_.missed;
  slice_.corrected.record(now - due);
  if (is_warmup(due)) return;
  ++counts_[step].missed;
  counts_[step].corrected.record(now - due);
}

void Worker::count_error(const Flow& flow, ErrorKind kind, const std::string& why, std::uint64_t now) {
  if (now >= slice_end_ns_) turn_slice(now);
  ++slice_.errors;
  const std::uint64_t all = shared_.error_count.fetch_add(1, std::memory_order_relaxed) + 1;
  if (plan_.budget.errors != 0 && all >= plan_.budget.errors) shared_.stop_for(Shared::errors);
  StepCounts& counts = counts_[step_of(flow).index];
  if (counts.first_error.empty()) counts.first_error = why;
  if (!is_warmup(flow.intended_ns)) ++counts.errors[static_cast<std::size_t>(kind)];
}

void Worker::turn_slice(std::uint64_t now) {
  slices.put(slice_number_, std::exchange(slice_, Slice()));
  slice_number_ = static_cast<std::size_t>((now - std::min(now, began_ns_)) / Shared::beat_ns);
  slice_end_ns_ = began_ns_ + (slice_number_ + 1) * Shared::beat_ns;
  if (!journal_.empty()) shared_.journal.write(journal_);
  journal_.clear();
}

void Worker::note(const Flow& flow, const Step& step, int status, const char* error) {
  if (job_ == Job::setup) return;  // what a login captures is nobody's business
  base::Json line = base::Json::object();
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  line["time_us"] = std::chrono::duration_cast<std::chrono::microseconds>(wall).count();
  const auto now = now_ns();
  line["took_us"] = now > flow.intended_ns ? (now - flow.intended_ns) / 1000 : 0;  // since it was due
  line["scenario"] = step.scenario;
  line["step"] = step.name;
  line["iteration"] = flow.frame.iteration;
  if (status != 0) line["status"] = status;
  if (error != nullptr) {
    line["error"] = error;
  } else {
    base::Json values = base::Json::object();
    for (const auto& capture : step.captures) values[capture.name] = flow.frame.slots[capture.slot].text;
    line["values"] = std::move(values);
  }
  journal_ += base::dump_json(line) + "\n";
  if (journal_.size() > 64 * 1024) {
    shared_.journal.write(journal_);
    journal_.clear();
  }
}

}  // namespace load
