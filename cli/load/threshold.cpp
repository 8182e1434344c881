#include "cli/load/threshold.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "cli/load/units.hpp"

namespace load {
namespace {

using base::ErrorCode;

enum class Kind : std::uint8_t { duration, share, number };

bool is_percentile(std::string_view metric) {
  if (metric.size() < 2 || metric.front() != 'p') return false;
  if (metric.find_first_not_of("0123456789.", 1) != std::string_view::npos) return false;
  if (metric.back() == '.' || metric[1] == '.') return false;
  // p999 is p99.9, but p101 is not p10.1.
  const bool is_short_form = metric.size() > 3 && metric.find('.') == std::string_view::npos;
  return !is_short_form || metric[1] == '9' || metric == "p100";
}

bool kind_of(std::string_view metric, Kind& kind) {
  static constexpr std::array<std::string_view, 4> numbers{"rps", "errors", "missed", "completed"};
  if (is_percentile(metric) || metric == "max" || metric == "mean") return kind = Kind::duration, true;
  if (metric == "error_rate") return kind = Kind::share, true;
  kind = Kind::number;
  return std::find(numbers.begin(), numbers.end(), metric) != numbers.end();
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

base::Error not_a_threshold(std::string_view text, const std::string& why) {
  return base::fail(ErrorCode::malformed, "threshold \"" + std::string(text) + "\": " + why +
                                              "; write it like p99<50ms, error_rate<0.1% or rps>1000");
}

base::Result<double> read_limit(std::string_view text, std::string_view limit, Kind kind) {
  if (kind == Kind::duration) {
    const auto ns = parse_duration(limit);
    if (!ns) return not_a_threshold(text, "expected a duration such as 50ms, got \"" + std::string(limit) + "\"");
    return static_cast<double>(*ns) / 1e3;
  }
  const auto number = kind == Kind::share ? parse_share(limit) : parse_number(limit);
  if (!number) {
    return not_a_threshold(text, std::string("expected ") +
                                     (kind == Kind::share ? "a percentage up to 100%" : "a number") + ", got \"" +
                                     std::string(limit) + "\"");
  }
  return *number;
}

// p999 is 99.9, as everybody writes it; p99.9 is 99.9, p100 is 100.
double percentile_of(const std::string& metric) {
  const std::string digits = metric.substr(1);
  double value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.find('.') == std::string::npos && digits != "100") {
    while (value >= 100) value /= 10;
  }
  return value;
}

double interpolated(const base::Json& curve, double percentile) {
  double value = 0;
  for (const auto& point : curve) {
    value = point.at(1).get<double>();
    if (point.at(0).get<double>() >= percentile) break;
  }
  return value;
}

bool holds(const Threshold& threshold, double actual) {
  switch (threshold.compare) {
    case Threshold::Compare::below:
      return actual < threshold.limit;
    case Threshold::Compare::at_most:
      return actual <= threshold.limit;
    case Threshold::Compare::above:
      return actual > threshold.limit;
    case Threshold::Compare::at_least:
      return actual >= threshold.limit;
  }
  return false;
}

double duration_of(const std::string& metric, const base::Json& of) {
  const base::Json latency = of.value("latency_us", base::Json::object());
  std::string key = metric;
  if (const auto point = key.find('.'); point != std::string::npos) key.erase(point, 1);
  if (latency.contains(key)) return latency.at(key).get<double>();
  return interpolated(of.value("percentile_curve", base::Json::array()), percentile_of(metric));
}

// `of`: the figures of the whole run, or of one step.
Verdict judge_figures(const Threshold& threshold, const base::Json& of) {
  Verdict verdict{threshold, false, 0, "no request"};
  const double sent = of.value("completed", 0.0) + of.value("errors", 0.0);
  Kind kind{};
  if (!kind_of(threshold.metric, kind)) return verdict;
  if (sent == 0 && kind != Kind::number) return verdict;
  if (kind == Kind::duration) {
    if (of.value("latency_us", base::Json::object()).value("count", 0.0) == 0) return verdict;
    verdict.actual = duration_of(threshold.metric, of);
    verdict.shown = show_duration_us(verdict.actual);
  } else if (kind == Kind::share) {
    verdict.actual = of.value("error_rate", 0.0);
    verdict.shown = show_share(verdict.actual);
  } else {
    verdict.actual = of.value(threshold.metric, 0.0);
    verdict.shown = show_count(verdict.actual);
  }
  verdict.held = holds(threshold, verdict.actual);
  return verdict;
}

// Several scenarios may have a step of that name: each has to keep to it, and the first that does not is told.
Verdict judge_one(const Threshold& threshold, const base::Json& result) {
  if (threshold.step.empty()) return judge_figures(threshold, result);
  Verdict verdict{threshold, false, 0, "no such step"};
  const auto steps = result.find("steps");
  if (steps == result.end()) return verdict;
  for (const auto& one : *steps) {
    if (one.value("name", "") != threshold.step) continue;
    verdict = judge_figures(threshold, one);
    if (!verdict.held) break;
  }
  return verdict;
}

}  // namespace

base::Result<Threshold> read_threshold(std::string_view text) {
  Threshold threshold;
  threshold.text = trimmed(text);
  const std::size_t compare = text.find_first_of("<>");
  if (compare == std::string_view::npos) return not_a_threshold(text, "there is no < or > in it");
  std::string_view left = text.substr(0, compare);
  if (const auto colon = left.rfind(':'); colon != std::string_view::npos) {
    threshold.step = trimmed(left.substr(0, colon));
    left.remove_prefix(colon + 1);
    if (threshold.step.empty()) return not_a_threshold(text, "there is no step before the colon");
  }
  threshold.metric = trimmed(left);
  const bool equal = compare + 1 < text.size() && text[compare + 1] == '=';
  using Compare = Threshold::Compare;
  threshold.compare =
      text[compare] == '<' ? (equal ? Compare::at_most : Compare::below) : (equal ? Compare::at_least : Compare::above);
  Kind kind{};
  if (!kind_of(threshold.metric, kind) || (is_percentile(threshold.metric) && percentile_of(threshold.metric) > 100)) {
    return not_a_threshold(
        text, "there is no metric \"" + threshold.metric +
                  "\"; there are p50, p90, p99, p999, max, mean, error_rate, errors, missed, completed, rps");
  }
  TRY(threshold.limit, read_limit(text, trimmed(text.substr(compare + (equal ? 2 : 1))), kind));
  return threshold;
}

std::vector<Verdict> judge(const std::vector<Threshold>& thresholds, const base::Json& result) {
  std::vector<Verdict> verdicts;
  verdicts.reserve(thresholds.size());
  for (const auto& threshold : thresholds) verdicts.push_back(judge_one(threshold, result));
  return verdicts;
}

}  // namespace load
