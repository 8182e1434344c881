#include "cli/load/plan.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "cli/load/origin.hpp"
#include "cli/load/plan_reader.hpp"
#include "cli/load/units.hpp"
#include "supervisor/spec/suggest.hpp"
#include "supervisor/spec/yaml.hpp"

namespace load {
namespace {

using base::Json;
using spec::child_pointer;

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint64_t default_timeout_ns = 5 * second_ns;
constexpr std::uint64_t default_duration_ns = 10 * second_ns;
constexpr std::uint64_t default_budget_ns = 3600 * second_ns;
// A run that does nothing but fail helps nobody.
constexpr std::uint64_t default_budget_errors = 100'000;
constexpr unsigned default_most_connections = 1024;
constexpr std::size_t most_stages = 10'000;

const Json& member(const Json& json, const char* key) {
  static const Json nothing;
  if (!json.is_object()) return nothing;
  const auto found = json.find(key);
  return found == json.end() ? nothing : *found;
}

}  // namespace

bool Step::needs_body() const {
  const bool captured = std::any_of(captures.begin(), captures.end(), [](const Capture& one) {
    return one.from == Capture::From::json || one.from == Capture::From::regex || one.from == Capture::From::body;
  });
  return captured || !expect.json.empty() || expect.body.has_value();
}

std::size_t Plan::step_count() const {
  std::size_t count = setup.size();
  for (const auto& scenario : scenarios) count += scenario.steps.size();
  return count;
}

void PlanReader::complain(const std::string& pointer, const std::string& message) {
  out_.complaints.push_back({pointer, message});
}

std::uint64_t PlanReader::duration(const Json& from, const char* key, const std::string& at, std::uint64_t fallback) {
  const Json& value = member(from, key);
  if (value.is_null()) return fallback;
  const auto ns = parse_duration(value.get_ref<const std::string&>());
  if (!ns) complain(child_pointer(at, key), "expected a duration up to 24h");
  return ns.value_or(fallback);
}

void PlanReader::read_data() {
  for (const auto& [name, set] : member(document_, "data").items()) {
    DataSet data;
    const std::string at = "/data/" + name;
    if (set.value("order", "in_turn") == "random") data.order = DataSet::Order::random;
    for (const auto& row : member(set, "rows")) {
      if (data.columns.empty()) {
        for (const auto& [column, value] : row.items()) data.columns.push_back(column);
      }
      std::vector<Value> values;
      for (const auto& column : data.columns) {
        if (!row.contains(column)) {
          complain(at + "/rows", "row " + std::to_string(data.rows.size() + 1) + " has no \"" + column + "\"");
          return;
        }
        values.push_back(value_of(row[column]));
      }
      data.rows.push_back(std::move(values));
    }
    if (data.rows.empty()) complain(at, "expected a file with rows or a list `rows`; there is no row");
    names_.data_index[name] = out_.plan.data.size();
    names_.data[name] = data.columns;
    out_.plan.data.push_back(std::move(data));
  }
}

void PlanReader::read_variables() {
  for (const auto& [name, json] : member(document_, "variables").items()) {
    Value value = value_of(json);
    if (!value.is_json) {
      // Only what is known before the run: texts with generators would look like one value and be many.
      const Text read = text(value.text, Escape::none, "/variables/" + name);
      if (!read.is_static()) complain("/variables/" + name, "expected a fixed value; ${env:NAME} is all it may hold");
      value.text = read.empty() ? "" : read.parts.front().text;
    }
    const std::size_t slot = names_.slot(name);
    out_.plan.slots.resize(std::max(out_.plan.slots.size(), slot + 1));
    out_.plan.slots[slot] = std::move(value);
  }
}

void PlanReader::read_stages(const Json& load) {
  Plan& plan = out_.plan;
  if (const Json& steps = member(load, "steps"); !steps.is_null()) {
    const double from = steps["from"].get<double>();
    const double to = steps["to"].get<double>();
    const double by = steps["by"].get<double>();
    if (from > to || (to - from) / by > static_cast<double>(most_stages)) {
      return complain("/load/steps", "expected from below to, and at most 10,000 steps");
    }
    const std::uint64_t each = duration(steps, "each", "/load/steps", second_ns);
    for (int i = 0; from + by * i <= to * (1 + 1e-9); ++i) plan.stages.push_back({from + by * i, from + by * i, each});
    return;
  }
  double before = load.value("rate", 0.0);
  const Json& stages = member(load, "stages");
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const std::string at = "/load/stages/" + std::to_string(i);
    const bool ramps = stages[i].contains("to");
    if (ramps == stages[i].contains("rate")) {
      complain(at, "expected either `rate`, for a rate at once, or `to`, for a straight line to it");
      continue;
    }
    const double rate = stages[i].value(ramps ? "to" : "rate", 0.0);
    plan.stages.push_back({ramps ? before : rate, rate, duration(stages[i], "for", at, second_ns)});
    before = rate;
  }
  if (stages.is_null()) plan.stages.push_back({before, before, plan.duration_ns});
}

void PlanReader::read_load() {
  static const Json none = Json::object();
  const Json& given = member(document_, "load");
  const Json& load = given.is_null() ? none : given;
  Plan& plan = out_.plan;
  timeout_ns_ = duration(load, "timeout", "/load", default_timeout_ns);
  const int models = static_cast<int>(load.contains("rate") || load.contains("stages")) +
                     static_cast<int>(load.contains("steps")) + static_cast<int>(load.contains("connections"));
  if (models != 1) {
    return complain("/load", models == 0 ? "there is no load; give rate, stages or steps (requests by the clock), or "
                                           "connections (each sends when it has its answer), as with --rate 100"
                                         : "expected one of rate, stages, steps and connections; they exclude each "
                                           "other (max_connections limits those of a rate)");
  }
  plan.open = !load.contains("connections");
  plan.duration_ns = duration(load, "duration", "/load", default_duration_ns);
  plan.warmup_ns = duration(load, "warmup", "/load", 0);
  plan.threads = load.value("threads", 1U);
  plan.seed = load.value("seed", std::uint64_t{1});
  plan.poisson = load.value("arrivals", "constant") == "poisson";
  plan.connections =
      plan.open ? load.value("max_connections", default_most_connections) : load.value("connections", 1U);
  if (!plan.open && plan.poisson) complain("/load/arrivals", "only a rate has arrivals; connections have none");
  if (plan.open) {
    read_stages(load);
    const bool timed = load.contains("stages") || load.contains("steps");
    if (timed && load.contains("duration")) complain("/load/duration", "the stages say how long already");
    plan.duration_ns = duration_of(plan.stages);
    if (plan.duration_ns > 0 && arrivals_in(plan.stages) < 1 && out_.complaints.empty()) {
      complain("/load", "no load: less than one request in the whole time");
    }
  }
  plan.threads = std::min(plan.threads, plan.connections);
  if (plan.duration_ns == 0 && out_.complaints.empty()) complain("/load", "expected a duration above 0");
  if (plan.warmup_ns >= plan.duration_ns && plan.duration_ns > 0) {
    complain("/load/warmup", "expected less than the whole run, so that something is left to measure");
  }
  if (timeout_ns_ == 0) complain("/load/timeout", "expected a timeout above 0");
}

void PlanReader::read_limits() {
  Plan& plan = out_.plan;
  const Json& budget = member(document_, "budget");
  plan.budget.errors = budget.is_null() ? default_budget_errors : budget.value("errors", default_budget_errors);
  plan.budget.requests = budget.is_null() ? 0 : budget.value("requests", std::uint64_t{0});
  plan.budget.time_ns = duration(budget, "time", "/budget", std::max(default_budget_ns, 2 * plan.duration_ns));
  const Json& tls = member(document_, "tls");
  if (!tls.is_null()) {
    plan.tls = {tls.value("ca", ""), tls.value("certificate", ""), tls.value("key", ""), tls.value("insecure", false)};
    if (plan.tls.certificate.empty() != plan.tls.key.empty()) complain("/tls", "certificate and key belong together");
  }
  plan.descriptors = document_.value("descriptors", "");
  for (const auto& file : member(document_, "protos")) plan.protos.push_back(file.get<std::string>());
  plan.trace_every = document_.value("trace_every", 0U);
  plan.journal = document_.value("journal", "");
  plan.run = document_.value("run", "run");
  plan.name = document_.value("name", "load");
  for (const auto& host : member(document_, "allow_hosts")) plan.allowed_hosts.push_back(host.get<std::string>());
}

void PlanReader::read_scenarios() {
  const Json& steps = member(document_, "steps");
  const Json& scenarios = member(document_, "scenarios");
  if (steps.is_null() == scenarios.is_null()) {
    return complain("", "expected either `steps` or `scenarios`, a list of several with weights");
  }
  Around around{&member(document_, "headers"), &member(document_, "auth"), "/auth"};
  const Json& setup = member(document_, "setup");
  if (!setup.is_null()) {
    Around bare = around;
    bare.auth = &setup;  // logging in needs no token
    bare.auth_at.clear();
    out_.plan.setup = read_steps(setup, "/setup", "setup", bare);
  }
  if (!steps.is_null()) {
    out_.plan.scenarios.push_back({out_.plan.name, 1, read_steps(steps, "/steps", out_.plan.name, around)});
    return;
  }
  const Names before = names_;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < scenarios.size(); ++i) {
    const Json& one = scenarios[i];
    const std::string at = "/scenarios/" + std::to_string(i);
    Around inside = around;
    if (one.contains("headers")) inside.headers = &one["headers"];
    if (one.contains("auth")) inside.auth = &one["auth"], inside.auth_at = at + "/auth";
    const auto name = one["name"].get<std::string>();
    if (!seen.insert(name).second) complain(at + "/name", "the name \"" + name + "\" occurs twice");
    // A capture is known only in its own scenario; its slot stays its own.
    const auto slots = names_.slots.size();
    names_.slots = before.slots;
    for (std::size_t n = names_.slots.size(); n < slots; ++n) names_.slots["\n" + std::to_string(n)] = n;
    out_.plan.scenarios.push_back(
        {name, one.value("weight", 1.0), read_steps(one["steps"], at + "/steps", name, inside)});
  }
}

void PlanReader::read_thresholds(const Json& from, const std::string& at, const std::string& step) {
  const Json& list = member(from, "thresholds");
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto threshold = read_threshold(list[i].get_ref<const std::string&>());
    const std::string pointer = at + "/thresholds/" + std::to_string(i);
    if (!threshold) {
      complain(pointer, threshold.error().message);
      continue;
    }
    if (!step.empty()) threshold.value().step = step, threshold.value().text = step + ": " + threshold.value().text;
    out_.plan.thresholds.push_back(std::move(threshold).value());
  }
}

void PlanReader::check_threshold_steps() {
  std::vector<std::string> known;
  for (const auto& scenario : out_.plan.scenarios) {
    for (const auto& step : scenario.steps) known.push_back(step.name);
  }
  for (const auto& threshold : out_.plan.thresholds) {
    if (threshold.step.empty() || std::find(known.begin(), known.end(), threshold.step) != known.end()) continue;
    const std::string near = spec::nearest(threshold.step, known);
    complain("/thresholds",
             "there is no step \"" + threshold.step + "\"" + (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
  }
}

PlanReading PlanReader::read() {
  read_data();
  read_variables();
  read_load();
  read_limits();
  read_scenarios();
  read_thresholds(document_, "", "");
  check_threshold_steps();
  out_.plan.slots.resize(std::max(out_.plan.slots.size(), names_.slots.size()));
  return std::move(out_);
}

PlanReading read_plan(const Json& document, bool with_addresses) { return PlanReader(document, with_addresses).read(); }

bool names_files(const Json& document) {
  if (document.contains("tls")) return true;
  const auto origins = read_plan(document, false).plan.origins;
  return std::any_of(origins.begin(), origins.end(), [](const Origin& one) {
    return one.protocol == Protocol::grpc || one.protocol == Protocol::grpcs;
  });
}

std::vector<std::string> services_of(const Json& document) {
  std::set<std::string> found;
  const std::string target = document.value("target", "");
  const auto add = [&](const std::string& text, bool is_grpc) {
    const auto address = read_address(text);
    if (!address || !address.value().scheme.empty()) return;
    const std::string& port = address.value().port_name;
    found.insert(address.value().host + "." + (!port.empty() ? port : is_grpc ? "grpc" : "http"));
  };
  const auto walk = [&](const Json& steps) {
    for (const auto& step : steps) {
      const auto verbs = verbs_of(step);
      if (verbs.size() != 1) continue;
      const auto path = step[verbs.front().key].get<std::string>();
      const bool is_grpc = verbs.front().key == "grpc";
      const bool relative = is_grpc || path.starts_with("/");
      add(relative ? step.value("target", target) : path, is_grpc);
    }
  };
  walk(member(document, "setup"));
  walk(member(document, "steps"));
  for (const auto& scenario : member(document, "scenarios")) walk(member(scenario, "steps"));
  return {found.begin(), found.end()};
}

}  // namespace load
