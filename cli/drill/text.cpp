#include "cli/drill/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace drill {
namespace {

using base::Json;

constexpr std::size_t most_findings = 10;  // in the table's remarks; the others are in the JSON

std::string ms(std::int64_t us) {
  const auto tenths = (us + 50) / 100;
  if (tenths >= 1000) return std::to_string((us + 500) / 1000) + " ms";
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " ms";
}

std::string back_text(const Phase& phase) {
  return phase.back_ms ? std::to_string(*phase.back_ms) + " ms" : std::string("NOT BACK");
}

std::string plural(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::size_t acknowledged(const Report& report, What what) {
  const auto is = [&](const Attempt& one) { return one.what == what && one.outcome == Outcome::acknowledged; };
  return static_cast<std::size_t>(std::count_if(report.attempts.begin(), report.attempts.end(), is));
}

std::string acknowledged_text(const Report& report) {
  if (const auto steps = acknowledged(report, What::step); steps > 0) return plural(steps, "answer");
  return plural(acknowledged(report, What::order), "order") + " and " +
         plural(acknowledged(report, What::user), "sign-up");
}

std::string unchecked_text(const Report& report) {
  if (report.unchecked == 0) return {};
  const auto is = [](const Attempt& one) { return one.outcome == Outcome::acknowledged; };
  const auto all = std::count_if(report.attempts.begin(), report.attempts.end(), is);
  const std::string hint = acknowledged(report, What::step) > 0 ? " (--read-back)" : "";
  if (report.unchecked < static_cast<std::size_t>(all)) {
    return "; " + std::to_string(report.unchecked) + " of them cannot be read back" + hint;
  }
  return "; none of them was read back, so nothing is known of losses" + hint;
}

std::size_t refused(const Report& report) {
  const auto is = [](const Attempt& one) { return one.outcome == Outcome::refused; };
  return static_cast<std::size_t>(std::count_if(report.attempts.begin(), report.attempts.end(), is));
}

int number_of(const Report& report, const Phase& phase) { return static_cast<int>(&phase - report.phases.data()) + 1; }

}  // namespace

base::Result<void> read_refused(const std::string& text, Limits& limits) {
  double value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string unit(end.ptr, text.data() + text.size());
  const bool good = end.ec == std::errc() && std::isfinite(value) && value >= 0 && value <= 1e12 &&
                    (unit.empty() || (unit == "%" && value <= 100));
  if (!good || (unit.empty() && value != std::floor(value))) {
    return base::fail(base::ErrorCode::malformed,
                      "--max-refused: expected a number such as 20 or a share such as 5%, got " + text);
  }
  if (unit == "%") {
    limits.refused_percent = value;
  } else {
    limits.refused = static_cast<std::int64_t>(value);
  }
  return base::success();
}

std::vector<std::string> missed(const Report& report, const Limits& limits) {
  std::vector<std::string> list;
  for (const auto& phase : report.phases) {
    const auto count = phase.during.refused;
    const double percent =
        phase.during.sent == 0 ? 0 : 100.0 * static_cast<double>(count) / static_cast<double>(phase.during.sent);
    const bool too_many = (limits.refused && static_cast<std::int64_t>(count) > *limits.refused) ||
                          (limits.refused_percent && percent > *limits.refused_percent);
    if (too_many) {
      list.push_back(phase.fault + ": " + std::to_string(count) + " of " + std::to_string(phase.during.sent) +
                     " were refused, more than --max-refused allows");
    }
    if (limits.back_ms && phase.back_ms && *phase.back_ms > *limits.back_ms) {
      list.push_back(phase.fault + ": back after " + back_text(phase) + ", later than --max-back allows");
    }
  }
  return list;
}

std::vector<std::string> header() {
  return {"FAULT", "BACK", "SENT", "REFUSED", "P99 BEFORE", "P99 DURING", "LOST", "TWICE", "STUCK"};
}

std::vector<std::vector<std::string>> rows(const Report& report) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& phase : report.phases) {
    const int number = number_of(report, phase);
    const auto harm = [&](Harm of) { return std::to_string(report.verdict.count(of, number)); };
    rows.push_back({phase.fault, back_text(phase), std::to_string(phase.during.sent),
                    std::to_string(phase.during.refused), ms(phase.before.p99_us), ms(phase.during.p99_us),
                    harm(Harm::lost), harm(Harm::twice), harm(Harm::stuck)});
  }
  return rows;
}

std::vector<std::string> remarks(const Report& report, const Limits& limits) {
  std::vector<std::string> lines;
  const auto& findings = report.verdict.findings;
  for (std::size_t i = 0; i < std::min(findings.size(), most_findings); ++i) {
    lines.push_back(std::string(name(findings[i].harm)) + ": " + findings[i].sentence);
  }
  if (findings.size() > most_findings) {
    lines.push_back("… and " + std::to_string(findings.size() - most_findings) + " more; --output json has all");
  }
  for (const auto& phase : report.phases) {
    if (!phase.back_ms) lines.push_back(phase.fault + ": not back in time");
  }
  for (const auto& fault : report.not_done) lines.push_back(fault + ": not done, since the system was not back");
  for (const auto& sentence : missed(report, limits)) lines.push_back(sentence);
  std::string sum = acknowledged_text(report) + " acknowledged, " + std::to_string(refused(report)) + " refused";
  if (report.verdict.took_effect > 0)
    sum += " (" + std::to_string(report.verdict.took_effect) + " happened all the same)";
  if (report.verdict.repeated > 0) sum += ", " + plural(report.verdict.repeated, "event") + " delivered again";
  if (!report.with_events) sum += "; no events were looked at";
  lines.push_back(sum + unchecked_text(report));
  return lines;
}

Json to_json(const Report& report, const Limits& limits) {
  const auto share = [](const Share& of) {
    return Json{{"sent", of.sent},       {"acknowledged", of.acknowledged},
                {"refused", of.refused}, {"p50_us", of.p50_us},
                {"p99_us", of.p99_us},   {"longest_us", of.longest_us}};
  };
  Json faults = Json::array();
  for (const auto& phase : report.phases) {
    const int number = number_of(report, phase);
    Json timeline = Json::array();
    for (const auto& moment : phase.timeline) timeline.push_back({{"at_ms", moment.at_ms}, {"what", moment.what}});
    faults.push_back({{"fault", phase.fault},
                      {"back_ms", phase.back_ms ? Json(*phase.back_ms) : Json(nullptr)},
                      {"lasted_ms", (phase.ended_us - phase.began_us) / 1000},
                      {"lost", report.verdict.count(Harm::lost, number)},
                      {"twice", report.verdict.count(Harm::twice, number)},
                      {"refused", phase.during.refused},
                      {"stuck", report.verdict.count(Harm::stuck, number)},
                      {"before", share(phase.before)},
                      {"during", share(phase.during)},
                      {"timeline", std::move(timeline)}});
  }
  Json findings = Json::array();
  for (const auto& one : report.verdict.findings) {
    findings.push_back({{"harm", name(one.harm)}, {"fault", one.phase}, {"sentence", one.sentence}});
  }
  return {{"cluster", report.cluster},
          {"started", report.started},
          {"load", report.load},
          {"holds", report.verdict.holds() && report.not_back() == 0},
          {"acknowledged",
           {{"orders", acknowledged(report, What::order)},
            {"users", acknowledged(report, What::user)},
            {"steps", acknowledged(report, What::step)}}},
          {"refused", refused(report)},
          {"lost", report.verdict.count(Harm::lost)},
          {"twice", report.verdict.count(Harm::twice)},
          {"stuck", report.verdict.count(Harm::stuck)},
          {"took_effect", report.verdict.took_effect},
          {"repeated", report.verdict.repeated},
          {"unchecked", report.unchecked},
          {"events_checked", report.with_events},
          {"not_back", report.not_back()},
          {"not_done", report.not_done},
          {"missed", missed(report, limits)},
          {"faults", std::move(faults)},
          {"findings", std::move(findings)}};
}

std::vector<report::Suite> suites(const Report& report, const Limits& limits) {
  report::Suite suite{"drill", {}};
  const auto too_much = missed(report, limits);
  for (const auto& phase : report.phases) {
    const int number = number_of(report, phase);
    report::Case one{phase.fault, report::Outcome::passed, static_cast<double>(phase.over_us - phase.began_us) / 1e6};
    std::string detail;
    for (const auto& finding : report.verdict.findings) {
      if (finding.phase == number) {
        detail += std::string(name(finding.harm)) + ": " + finding.sentence + "\n";
      }
    }
    if (!phase.back_ms) detail += "not back in time\n";
    for (const auto& sentence : too_much) {
      if (sentence.starts_with(phase.fault + ": ")) detail += sentence + "\n";
    }
    if (!detail.empty()) {
      one.outcome = report::Outcome::failed;
      one.message = detail.substr(0, detail.find('\n'));
      one.detail = detail;
    }
    suite.cases.push_back(std::move(one));
  }
  for (const auto& fault : report.not_done) {
    suite.cases.push_back({fault, report::Outcome::skipped, 0, "the system was not back from the fault before"});
  }
  return {std::move(suite)};
}

}  // namespace drill
