#include "cli/libexec/load/result.hpp"

#include <algorithm>
#include <cmath>

#include "base/clock.hpp"

namespace load {
namespace {

using base::Json;

constexpr std::size_t most_curve_points = 120;

double us(std::uint64_t ns) { return std::round(static_cast<double>(ns) / 100) / 10; }

Json latency_json(const Histogram& histogram) {
  return Json{{"count", histogram.total()},
              {"min", us(histogram.min())},
              {"mean", std::round(histogram.mean() / 100) / 10},
              {"p50", us(histogram.percentile(50))},
              {"p75", us(histogram.percentile(75))},
              {"p90", us(histogram.percentile(90))},
              {"p95", us(histogram.percentile(95))},
              {"p99", us(histogram.percentile(99))},
              {"p999", us(histogram.percentile(99.9))},
              {"p9999", us(histogram.percentile(99.99))},
              {"max", us(histogram.max())}};
}

Json curve_json(const Histogram& histogram) {
  Json curve = Json::array();
  for (const auto& [percentile, value] : histogram.curve()) {
    if (curve.size() >= most_curve_points) break;
    curve.push_back(Json::array({percentile, us(value)}));
  }
  return curve;
}

// What is wanted of all requests, or of one step's.
Json figures(const StepCounts& counts, double seconds) {
  const std::uint64_t errors = counts.all_errors();
  const double tried = static_cast<double>(counts.completed + errors + counts.missed);
  Json json;
  json["rps"] = seconds > 0 ? std::round(static_cast<double>(counts.completed) / seconds * 100) / 100 : 0;
  json["sent"] = counts.sent;
  json["completed"] = counts.completed;
  json["errors"] = errors;
  json["missed"] = counts.missed;
  json["error_rate"] = tried == 0 ? 0 : static_cast<double>(errors + counts.missed) / tried;
  json["latency_us"] = latency_json(counts.corrected);
  json["latency_uncorrected_us"] = latency_json(counts.uncorrected);
  Json kinds = Json::object();
  for (std::size_t i = 0; i < counts.errors.size(); ++i) {
    if (counts.errors[i] > 0) kinds[name_of(static_cast<ErrorKind>(i))] = counts.errors[i];
  }
  json["errors_by_kind"] = std::move(kinds);
  Json statuses = Json::object();
  for (std::size_t i = 0; i < counts.statuses.size(); ++i) {
    if (counts.statuses[i] > 0) statuses[std::to_string(i)] = counts.statuses[i];
  }
  json["statuses"] = std::move(statuses);
  json["first_error"] = counts.first_error.empty() ? Json() : Json(counts.first_error);
  json["percentile_curve"] = curve_json(counts.corrected);
  json["percentile_curve_uncorrected"] = curve_json(counts.uncorrected);
  return json;
}

Health added(const std::vector<std::unique_ptr<Worker>>& workers) {
  Health sum;
  for (const auto& worker : workers) {
    const Health& one = worker->health();
    sum.lateness.add(one.lateness);
    sum.held += one.held;
    sum.connects += one.connects;
    sum.cut_off += one.cut_off;
    sum.no_sockets += one.no_sockets;
    sum.cpu_s += one.cpu_s;
    sum.starved_s += one.starved_s;
    sum.idle_s += one.idle_s;
    sum.wall_s += one.wall_s;
  }
  return sum;
}

std::string show_ms(double us) {
  const double ms = std::round(us / 10) / 100;
  std::string text = Json(ms).dump();
  return text + " ms";
}

// Why the figures say more about the generator than about the target; empty when they do not.
Json spoiled_by(const Plan& plan, const Health& health, const Json& result) {
  Json why = Json::array();
  const double late = us(health.lateness.percentile(99));
  const double p99 = result.at("latency_us").value("p99", 0.0);
  const double allowed = std::max(static_cast<double>(plan.warn_late_ns) / 1e3, p99 / 10);
  if (health.lateness.total() > 0 && late > allowed) {
    why.push_back("sends were late by " + show_ms(late) + " (p99), of a p99 latency of " + show_ms(p99));
  }
  if (health.wall_s > 0 && health.starved_s > health.wall_s * 0.1) {
    why.push_back("its threads waited " + std::to_string(std::lround(100 * health.starved_s / health.wall_s)) +
                  " % of the time for a free core; give it a core of its own, or less load");
  }
  const double busy = health.wall_s > 0 ? 1 - health.idle_s / health.wall_s : 0;
  if (plan.open && busy > 0.95) {
    why.push_back("its threads were busy all the time, so that they may have been the limit; raise --threads");
  }
  if (health.no_sockets > 0) {
    why.push_back(std::to_string(health.no_sockets) +
                  " connections could not be made for want of descriptors or ports; see ulimit -n, or lower "
                  "max_connections");
  }
  return why;
}

Json health_json(const Plan& plan, const Health& health, const Json& result) {
  Json json;
  json["late_us"] = {{"p50", us(health.lateness.percentile(50))},
                     {"p99", us(health.lateness.percentile(99))},
                     {"max", us(health.lateness.max())}};
  json["held_for_a_connection"] = health.held;
  json["connects"] = health.connects;
  json["cpu_s"] = std::round(health.cpu_s * 1000) / 1000;
  json["waited_for_a_core_s"] = std::round(health.starved_s * 1000) / 1000;
  json["threads"] = plan.threads;
  const Json why = spoiled_by(plan, health, result);
  json["spoiled"] = !why.empty();
  json["why"] = why;
  return json;
}

// Who sends again only when it has its answer leaves out what others would have sent while it waited. What it would
// have sent is known by how long an answer usually takes.
void correct_closed(StepCounts& counts) {
  counts.corrected = counts.uncorrected.corrected(counts.uncorrected.percentile(50));
}

const char* name_of(Shared::Stop stop) {
  switch (stop) {
    case Shared::none:
      return "";
    case Shared::interrupted:
      return "interrupted";
    case Shared::errors:
      return "budget: errors";
    case Shared::requests:
      return "budget: requests";
    case Shared::time:
      return "budget: time";
  }
  return "";
}

Json samples_json(const Shared& shared, const std::vector<std::unique_ptr<Worker>>& workers) {
  std::vector<const Step*> steps(shared.plan.step_count());
  for (const auto& scenario : shared.plan.scenarios) {
    for (const auto& step : scenario.steps) steps[step.index] = &step;
  }
  Json list = Json::array();
  for (const auto& worker : workers) {
    for (const auto& sample : worker->samples().all()) {
      list.push_back({{"trace_id", sample.trace_id},
                      {"step", steps[sample.step]->name},
                      {"latency_us", us(sample.latency_ns)},
                      {"sent_ms", sample.wall_ms},
                      {"status", sample.status}});
    }
  }
  return list;
}

Json timeline_json(const std::vector<Slice>& timeline, double slice_s, double elapsed_s) {
  Json list = Json::array();
  for (std::size_t i = 0; i < timeline.size(); ++i) {
    const double begin = static_cast<double>(i) * slice_s;
    const double length = std::min(slice_s, std::max(elapsed_s - begin, slice_s / 100));
    Json point = slice_json(timeline[i], length);
    point["at_s"] = std::round(begin * 1000) / 1000;
    list.push_back(std::move(point));
  }
  return list;
}

}  // namespace

Json slice_json(const Slice& slice, double seconds) {
  return Json{{"sent", slice.sent},
              {"completed", slice.completed},
              {"errors", slice.errors},
              {"missed", slice.missed},
              {"rps", seconds > 0 ? std::round(static_cast<double>(slice.completed) / seconds * 10) / 10 : 0},
              {"p50_us", us(slice.corrected.percentile(50))},
              {"p99_us", us(slice.corrected.percentile(99))},
              {"max_us", us(slice.corrected.max())}};
}

Json make_result(const Shared& shared, const std::vector<std::unique_ptr<Worker>>& workers,
                 const std::vector<Slice>& timeline, std::chrono::system_clock::time_point began) {
  const Plan& plan = shared.plan;
  std::uint64_t last = 0;
  std::uint64_t iterations = 0;
  for (const auto& worker : workers) {
    last = std::max(last, worker->last_ns());
    iterations += worker->iterations();
  }
  const auto stop = static_cast<Shared::Stop>(shared.stop.load());
  const std::uint64_t now = now_ns();
  const std::uint64_t planned = shared.begin_ns + plan.duration_ns;
  const std::uint64_t end = stop == Shared::none ? std::max(std::min(planned, now), last)
                                                 : std::min(now, std::max(last, shared.begin_ns + 1));
  const double elapsed = static_cast<double>(end - std::min(end, shared.begin_ns)) / 1e9;
  const double measured = std::max(elapsed - static_cast<double>(plan.warmup_ns) / 1e9, 1e-9);

  StepCounts total;
  Json steps = Json::array();
  for (const auto& scenario : plan.scenarios) {
    for (const auto& step : scenario.steps) {
      StepCounts counts;
      for (const auto& worker : workers) counts.add(worker->counts()[step.index]);
      if (!plan.open) correct_closed(counts);
      total.add(counts);
      Json one{{"name", step.name},
               {"scenario", scenario.name},
               {"method", step.grpc_method.empty() ? step.method : "grpc"}};
      one["service"] = plan.origins[step.origin].service;
      one.update(figures(counts, measured));
      steps.push_back(std::move(one));
    }
  }
  Json result = figures(total, measured);
  result["name"] = plan.name;
  result["model"] = plan.open ? "open" : "closed";
  result["connections"] = plan.connections;
  result["started"] = base::to_rfc3339(std::chrono::time_point_cast<std::chrono::milliseconds>(began));
  result["started_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(began.time_since_epoch()).count();
  result["elapsed_s"] = std::round(elapsed * 1000) / 1000;
  result["planned_s"] = static_cast<double>(plan.duration_ns) / 1e9;
  if (plan.open) {
    result["planned"] = static_cast<std::uint64_t>(std::llround(arrivals_in(plan.stages)));
    result["planned_rate"] = arrivals_in(plan.stages) / (static_cast<double>(plan.duration_ns) / 1e9);
  }
  result["iterations"] = iterations;
  result["stopped"] = name_of(stop);
  const Health health = added(workers);
  result["cut_off"] = health.cut_off;
  result["generator"] = health_json(plan, health, result);
  result["steps"] = std::move(steps);
  result["timeline"] =
      timeline_json(timeline, static_cast<double>(shared.beats_per_point * Shared::beat_ns) / 1e9, elapsed);
  result["samples"] = samples_json(shared, workers);
  return result;
}

}  // namespace load
