#include "cli/load/find_max.hpp"

#include <algorithm>
#include <cmath>

#include "cli/load/units.hpp"

namespace load {
namespace {

using base::Json;

constexpr double least_share = 0.98;  // of the wanted requests that must have been answered

bool is_interrupted(const Json& result) { return result.value("stopped", "") == "interrupted"; }

bool is_spoiled(const Json& result) { return result.value("generator", Json::object()).value("spoiled", false); }

// The rule holds, and the rate was really sent and answered.
bool holds(const Json& result) {
  const double planned = result.value("planned", 0.0);
  return result.value("passed", false) && result.value("missed", 0.0) == 0 && !is_interrupted(result) &&
         result.value("iterations", 0.0) >= planned * least_share && result.value("stopped", "").empty();
}

// Whole above ten, so that the same rate is never tried twice for a fraction.
double rounded(double rate) {
  if (rate < 10) return std::max(std::round(rate * 10) / 10, 0.1);
  const double step = std::pow(10, std::floor(std::log10(rate)) - 2);
  return std::round(rate / std::max(step, 1.0)) * std::max(step, 1.0);
}

class Search {
 public:
  Search(const Trial& trial, const SearchLimits& limits, const std::function<bool()>& stopped)
      : trial_(trial), limits_(limits), stopped_(stopped) {}

  base::Result<Json> run() {
    TRY(widen());
    while (low_ > 0 && high_ > 0 && high_ / low_ > limits_.precise && goes_on()) {
      const double between = rounded(std::sqrt(low_ * high_));
      if (between <= low_ || between >= high_) break;
      TRY(const bool held, attempt(between, limits_.trial_s));
      (held ? low_ : high_) = between;
    }
    TRY(confirm());
    Json found{{"rate", confirmed_ || interrupted_ ? low_ : 0.0}, {"confirmed", confirmed_}, {"limit", limit()}};
    found["trials"] = std::move(trials_);
    last_["find_max"] = std::move(found);
    last_["passed"] = confirmed_;
    return std::move(last_);
  }

 private:
  bool goes_on() const { return !interrupted_ && count_ < limits_.most_trials; }

  // Until the rule holds at low_ and does not at high_.
  base::Result<void> widen() {
    double rate = rounded(limits_.first > 0 ? limits_.first : 100);
    TRY(bool held, attempt(rate, limits_.trial_s));
    while (held && goes_on()) {
      low_ = rate;
      if (rate >= limits_.highest) return base::success();
      rate = rounded(std::min(rate * 2, limits_.highest));
      TRY(held, attempt(rate, limits_.trial_s));
    }
    if (held) {
      low_ = rate;
      return base::success();
    }
    high_ = rate;
    while (low_ == 0 && high_ > 1 && goes_on()) {
      rate = rounded(std::max(high_ / 4, 1.0));
      TRY(held, attempt(rate, limits_.trial_s));
      (held ? low_ : high_) = rate;
    }
    return base::success();
  }

  base::Result<void> confirm() {
    for (int i = 0; i < limits_.most_confirms && low_ > 0 && !interrupted_; ++i) {
      TRY(confirmed_, attempt(low_, limits_.confirm_s));
      if (confirmed_) return base::success();
      if (!interrupted_) low_ = rounded(low_ * 0.92);
    }
    return base::success();
  }

  base::Result<bool> attempt(double rate, double seconds) {
    if (stopped_ && stopped_()) interrupted_ = true;
    if (interrupted_) return false;
    ++count_;
    TRY(last_, trial_(rate, seconds));
    const bool held = holds(last_);
    interrupted_ = is_interrupted(last_) || (stopped_ && stopped_());
    // A run that the generator spoiled and that did not hold tells where the generator ends, not where the target does.
    if (!held && is_spoiled(last_)) spoiled_at_ = std::min(spoiled_at_ == 0 ? rate : spoiled_at_, rate);
    if (!held && !is_spoiled(last_)) broken_at_ = std::min(broken_at_ == 0 ? rate : broken_at_, rate);
    const Json latency = last_.value("latency_us", Json::object());
    trials_.push_back({{"rate", rate},
                       {"seconds", seconds},
                       {"held", held},
                       {"rps", last_.value("rps", 0.0)},
                       {"p50_us", latency.value("p50", 0.0)},
                       {"p99_us", latency.value("p99", 0.0)},
                       {"error_rate", last_.value("error_rate", 0.0)},
                       {"spoiled", is_spoiled(last_)}});
    return held;
  }

  const char* limit() const {
    if (interrupted_) return "interrupted";
    if (low_ >= limits_.highest) return "highest";
    return spoiled_at_ != 0 && (broken_at_ == 0 || spoiled_at_ <= broken_at_) ? "generator" : "rule";
  }

  const Trial& trial_;
  const SearchLimits& limits_;
  const std::function<bool()>& stopped_;
  double low_ = 0;
  double high_ = 0;
  double spoiled_at_ = 0;
  double broken_at_ = 0;
  int count_ = 0;
  bool confirmed_ = false;
  bool interrupted_ = false;
  Json last_ = Json::object();
  Json trials_ = Json::array();
};

}  // namespace

SearchLimits SearchLimits::of(double first, const std::string& duration) {
  SearchLimits limits;
  if (first > 0) limits.first = first;
  if (const auto ns = parse_duration(duration); ns && *ns > 0) {
    limits.trial_s = static_cast<double>(*ns) / 1e9;
    limits.confirm_s = 2 * limits.trial_s;
  }
  return limits;
}

base::Result<Json> find_max(const Trial& trial, const SearchLimits& limits, const std::function<bool()>& stopped) {
  return Search(trial, limits, stopped).run();
}

std::string show_rate(double rate) { return show_count(rate) + "/s"; }

std::string show_trial(double rate, const Json& result) {
  const Json latency = result.value("latency_us", Json::object());
  std::string text = (holds(result) ? "holds   " : "broken  ") + show_rate(rate) + "  p50 " +
                     show_duration_us(latency.value("p50", 0.0)) + "  p99 " +
                     show_duration_us(latency.value("p99", 0.0)) + "  answered " + show_rate(result.value("rps", 0.0));
  if (is_spoiled(result)) text += "  (spoiled by the generator)";
  return text;
}

std::string show_found(const Json& result) {
  const Json found = result.value("find_max", Json::object());
  const double rate = found.value("rate", 0.0);
  if (!found.value("confirmed", false)) {
    return rate > 0 ? "stopped before it was confirmed; it held at " + show_rate(rate)
                    : "no rate was found at which it holds";
  }
  const std::string limit = found.value("limit", "");
  return "highest rate that holds: " + show_rate(rate) + ", confirmed by a longer run" +
         (limit == "generator" ? "; the generator was the limit, so the target may hold more"
          : limit == "highest" ? "; nothing higher is tried"
                               : "");
}

}  // namespace load
