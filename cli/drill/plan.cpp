#include "cli/drill/plan.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "supervisor/spec/suggest.hpp"

namespace drill {
namespace {

using base::ErrorCode;
using base::Result;

base::Error wrong(const std::string& what) { return base::fail(ErrorCode::malformed, what); }

enum class Operand : std::uint8_t { none, service, time, amount, number };

struct Verb {
  const char* name;
  const char* fault;  // as the supervisor calls it
  Operand second;
  const char* example;
};

constexpr std::array verbs{
    Verb{"kill", "kill", Operand::none, "kill user-service"},
    Verb{"pause", "pause", Operand::none, "pause user-service"},
    Verb{"slow", "delay", Operand::time, "slow user-service 200ms"},
    Verb{"cut", "reset", Operand::service, "cut order-service user-service"},
    Verb{"refuse", "refuse", Operand::none, "refuse user-service"},
    Verb{"hang", "hang", Operand::none, "hang user-service"},
    Verb{"throttle", "throttle", Operand::amount, "throttle user-service 10kB"},
    Verb{"pieces", "pieces", Operand::number, "pieces user-service 7"},
    Verb{"corrupt", "corrupt", Operand::number, "corrupt user-service 1000"},
};

std::string known_verbs() {
  std::string text;
  for (const auto& verb : verbs) text += (text.empty() ? "" : ", ") + std::string(verb.name);
  return text;
}

struct Number {
  double value = 0;
  std::string unit;
};

std::optional<Number> number_with_unit(const std::string& text) {
  Number read;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), read.value);
  if (end.ec != std::errc() || !std::isfinite(read.value) || read.value <= 0) return std::nullopt;
  read.unit.assign(end.ptr, text.data() + text.size());
  return read;
}

Result<const spec::Service*> find(const spec::Cluster& cluster, const std::string& name, bool instances) {
  const auto dot = name.rfind('.');
  const auto found = cluster.services.find(instances ? name.substr(0, dot) : name);
  if (found != cluster.services.end()) return &found->second;
  std::vector<std::string> known;
  for (const auto& [service, ignored] : cluster.services) known.push_back(service);
  const auto near = spec::nearest(name, known);
  return base::fail(ErrorCode::not_found, "no service `" + name + "` in the cluster" +
                                              (near.empty() ? std::string() : "; did you mean `" + near + "`?"));
}

Result<void> check_gate(const spec::Service& service) {
  const auto cannot = [&](const char* why) {
    return base::fail(ErrorCode::invalid, "no gate can stand before " + service.name + ": " + why);
  };
  if (service.source == spec::Source::external) return cannot("it lives elsewhere");
  if (service.ports.empty()) return cannot("it has no ports");
  return base::success();
}

bool calls(const spec::Service& caller, const std::string& callee) {
  const auto& needs = caller.depends_on;
  return std::any_of(needs.begin(), needs.end(), [&](const auto& need) { return need.service == callee; });
}

class Planner {
 public:
  Planner(const std::vector<std::string>& words, const spec::Cluster& cluster, const Wishes& wishes)
      : words_(words), cluster_(cluster), wishes_(wishes) {}

  Result<std::vector<Fault>> run() {
    std::vector<Fault> faults;
    while (at_ < words_.size()) {
      TRY(auto fault, one());
      faults.push_back(std::move(fault));
    }
    if (faults.empty()) return wrong("expected a fault, such as `kill user-service`; known are " + known_verbs());
    return faults;
  }

 private:
  Result<std::string> word(const Verb& verb) {
    if (at_ < words_.size()) return words_[at_++];
    return wrong(std::string(verb.name) + ": something is missing; expected it as in `" + verb.example + "`");
  }

  Result<Fault> one() {
    const std::string name = words_[at_++];
    const auto* const verb = std::find_if(verbs.begin(), verbs.end(), [&](const Verb& v) { return name == v.name; });
    if (verb == verbs.end()) return wrong("no fault `" + name + "`; known are " + known_verbs());
    TRY(const std::string first, word(*verb));
    Fault fault;
    fault.text = name + " " + first;
    control::FaultRequest request;
    request.fault = verb->fault;
    request.service = first;
    fault.lasts = name != "kill";
    if (name == "cut") {
      TRY(cut(first, *verb, fault));
      return fault;
    }
    const bool at_process = name == "kill" || name == "pause";
    TRY(const auto* const service, find(cluster_, first, at_process));
    if (at_process && service->source == spec::Source::external) {
      return base::fail(ErrorCode::invalid, first + " lives elsewhere: it has no process here to " + name);
    }
    if (!at_process) {
      TRY(check_gate(*service));
      fault.gates = {first};
    }
    TRY(second(*verb, fault, request));
    fault.requests.push_back(std::move(request));
    return fault;
  }

  Result<void> second(const Verb& verb, Fault& fault, control::FaultRequest& request) {
    if (verb.second == Operand::none) return base::success();
    TRY(const std::string text, word(verb));
    fault.text += " " + text;
    if (verb.second == Operand::time) {
      TRY(const auto delay, duration(text));
      request.delay_ms = delay.count();
    } else if (verb.second == Operand::amount) {
      TRY(request.bytes_per_second, size(text));
    } else {
      const auto read = number_with_unit(text);
      const bool whole = read && read->unit.empty() && read->value == std::floor(read->value) && read->value <= 1e9;
      if (!whole) return wrong(std::string(verb.name) + ": expected a whole number of bytes, got " + text);
      request.piece = request.every = static_cast<std::int64_t>(read->value);
    }
    return base::success();
  }

  // Whoever of the two calls the other one.
  Result<void> cut(const std::string& a, const Verb& verb, Fault& fault) {
    TRY(const std::string b, word(verb));
    fault.text += " " + b + (wishes_.blackhole ? " (blackhole)" : "");
    TRY(const auto* const first, find(cluster_, a, false));
    TRY(const auto* const other, find(cluster_, b, false));
    if (a == b) return wrong("cut: expected two services, got " + a + " twice");
    const bool there = calls(*first, b);
    const bool back = calls(*other, a);
    if (!there && !back) {
      return base::fail(ErrorCode::invalid,
                        "cut: " + a + " and " + b +
                            " do not call each other: nothing to cut; see `msctl graph`, or declare "
                            "the call under `calls` or `depends_on`");
    }
    if (there) {
      TRY(cut_one(*first, *other, fault));
    }
    if (back) {
      TRY(cut_one(*other, *first, fault));
    }
    return base::success();
  }

  Result<void> cut_one(const spec::Service& caller, const spec::Service& callee, Fault& fault) const {
    if (caller.source != spec::Source::command) {
      return base::fail(ErrorCode::invalid, "cut: the connections of " + caller.name +
                                                " cannot be told from others, as it is no process of this cluster");
    }
    TRY(check_gate(callee));
    control::FaultRequest request;
    request.fault = wishes_.blackhole ? "blackhole" : "reset";
    request.service = callee.name;
    request.from = caller.name;
    fault.requests.push_back(std::move(request));
    fault.gates.push_back(callee.name);
    return base::success();
  }

  const std::vector<std::string>& words_;
  const spec::Cluster& cluster_;
  const Wishes& wishes_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Ms> duration(const std::string& text) {
  const auto read = number_with_unit(text);
  double factor = 0;
  if (read && read->unit == "ms") factor = 1;
  if (read && read->unit == "s") factor = 1'000;
  if (read && (read->unit == "m" || read->unit == "min")) factor = 60'000;
  if (factor == 0 || read->value * factor < 1 || read->value * factor > 86'400'000) {
    return wrong("expected a time such as 200ms, 2s or 1m, got " + text);
  }
  return Ms(static_cast<std::int64_t>(std::llround(read->value * factor)));
}

Result<std::int64_t> size(const std::string& text) {
  const auto read = number_with_unit(text);
  double factor = 0;
  if (read && read->unit == "B") factor = 1;
  if (read && read->unit == "kB") factor = 1e3;
  if (read && read->unit == "MB") factor = 1e6;
  if (factor == 0 || read->value * factor < 1 || read->value * factor > 1e12) {
    return wrong("expected bytes a second such as 500B, 10kB or 1MB, got " + text);
  }
  return static_cast<std::int64_t>(std::llround(read->value * factor));
}

Result<std::vector<Fault>> plan(const std::vector<std::string>& words, const spec::Cluster& cluster,
                                const Wishes& wishes) {
  return Planner(words, cluster, wishes).run();
}

}  // namespace drill
