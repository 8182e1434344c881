// The page: the table, a picture of every request over time, and each fault's timeline.

#include <algorithm>
#include <cmath>

#include "cli/drill/text.hpp"

namespace drill {
namespace {

constexpr double width = 1000;
constexpr double height = 260;
constexpr double left = 56;
constexpr double bottom = 24;
constexpr std::size_t most_points = 3'000;

std::string number(double value) {
  const auto tenths = std::llround(value * 10);
  return std::to_string(tenths / 10) + "." + std::to_string(std::llabs(tenths % 10));
}

// Latency over time, on a logarithmic scale from 0.1 ms to the longest: one dot a request, a band for each fault.
class Picture {
 public:
  explicit Picture(const Report& report) : report_(report) {
    for (const auto& one : report.attempts) {
      end_us_ = std::max({end_us_, one.intended_us, one.outcome == Outcome::waiting ? 0 : one.done_us});
      longest_us_ = std::max(longest_us_, one.done_us - one.intended_us);
    }
  }

  std::string draw() const {
    std::string svg = "<svg viewBox=\"0 0 " + number(width) + " " + number(height + bottom) +
                      "\" role=\"img\" aria-label=\"latency of every request over time\">";
    for (const auto& phase : report_.phases) svg += band(phase);
    for (std::int64_t us = 100; us <= longest_us_; us *= 10) svg += line(us);
    const std::size_t step = std::max<std::size_t>(1, report_.attempts.size() / most_points);
    for (std::size_t i = 0; i < report_.attempts.size(); ++i) {
      // Every refused one is shown.
      if (i % step == 0 || report_.attempts[i].outcome == Outcome::refused) svg += dot(report_.attempts[i]);
    }
    return svg + axis() + "</svg>";
  }

 private:
  double x(std::int64_t us) const {
    return left +
           (width - left - 8) * static_cast<double>(us) / static_cast<double>(std::max<std::int64_t>(1, end_us_));
  }
  double y(std::int64_t us) const {
    const double whole = std::log10(static_cast<double>(std::max<std::int64_t>(1'000, longest_us_)) / 100.0);
    const double part = std::log10(static_cast<double>(std::max<std::int64_t>(100, us)) / 100.0);
    return height - (height - 12) * part / whole;
  }
  std::string dot(const Attempt& one) const {
    const bool good = one.outcome == Outcome::acknowledged;
    return "<circle cx=\"" + number(x(one.intended_us)) + "\" cy=\"" + number(y(one.done_us - one.intended_us)) +
           "\" r=\"" + (good ? "1.6" : "2.6") + "\" fill=\"var(--" + (good ? "ok" : "bad") + ")\"/>";
  }
  std::string band(const Phase& phase) const {
    const double from = x(phase.began_us);
    const double until = std::max(from + 2, x(std::max(phase.ended_us, phase.began_us)));
    return "<rect x=\"" + number(from) + "\" y=\"0\" width=\"" + number(until - from) + "\" height=\"" +
           number(height) + "\" fill=\"var(--warn)\" opacity=\".22\"/><text x=\"" + number(from + 3) +
           "\" y=\"10\" font-size=\"11\" fill=\"var(--dim)\">" + report::escape(phase.fault) + "</text>";
  }
  std::string line(std::int64_t us) const {
    const auto label = us < 1'000       ? "0.1 ms"
                       : us < 1'000'000 ? std::to_string(us / 1'000) + " ms"
                                        : std::to_string(us / 1'000'000) + " s";
    return "<line x1=\"" + number(left) + "\" x2=\"" + number(width) + "\" y1=\"" + number(y(us)) + "\" y2=\"" +
           number(y(us)) + "\" stroke=\"var(--line)\"/><text x=\"" + number(left - 6) + "\" y=\"" + number(y(us) + 4) +
           "\" font-size=\"11\" text-anchor=\"end\" fill=\"var(--dim)\">" + label + "</text>";
  }
  std::string axis() const {
    std::string text;
    const auto seconds = static_cast<double>(end_us_) / 1e6;
    const double step = seconds > 60 ? 10 : seconds > 20 ? 5 : 1;
    for (double at = 0; at <= seconds; at += step) {
      text += "<text x=\"" + number(x(static_cast<std::int64_t>(at * 1e6))) + "\" y=\"" + number(height + 16) +
              "\" font-size=\"11\" text-anchor=\"middle\" fill=\"var(--dim)\">" + std::to_string(static_cast<int>(at)) +
              " s</text>";
    }
    return text;
  }

  const Report& report_;
  std::int64_t end_us_ = 0;
  std::int64_t longest_us_ = 1'000;
};

std::string table(const Report& report) {
  std::string text = "<table><tr>";
  const auto titles = header();
  for (std::size_t i = 0; i < titles.size(); ++i) {
    text += std::string(i == 0 ? "<th>" : "<th class=\"num\">") + report::escape(titles[i]) + "</th>";
  }
  text += "</tr>";
  for (const auto& row : rows(report)) {
    text += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool bad = row[i] == "NOT BACK" || (i >= 6 && row[i] != "0");
      text += std::string("<td class=\"") + (i == 0 ? "" : "num ") + (bad ? "bad" : "") + "\">" +
              report::escape(row[i]) + "</td>";
    }
    text += "</tr>";
  }
  return text + "</table>";
}

std::string timeline(const Phase& phase) {
  std::string text = "<div class=\"card\"><b>" + report::escape(phase.fault) + "</b><table>";
  for (const auto& moment : phase.timeline) {
    text += "<tr><td class=\"num dim\">" + std::to_string(moment.at_ms) + " ms</td><td>" + report::escape(moment.what) +
            "</td></tr>";
  }
  return text + "</table></div>";
}

}  // namespace

std::string html(const Report& report, const Limits& limits) {
  const bool holds = report.verdict.holds() && report.not_back() == 0 && missed(report, limits).empty();
  std::string body = "<h1>Drill of " + report::escape(report.cluster) + "</h1><p class=\"dim\">" +
                     report::escape(report.started) + ", " + report::escape(report.load) + "</p><p><b class=\"" +
                     (holds ? "ok\">It holds." : "bad\">It does not hold.") + "</b></p>" + table(report);
  for (const auto& line : remarks(report, limits)) body += "<p>" + report::escape(line) + "</p>";
  body += "<h2>Every request</h2><div class=\"card\">" + Picture(report).draw() +
          "<p class=\"dim\">Time from when it was due to its answer; red: refused; shaded: while the fault "
          "lasted.</p></div>"
          "<h2>What happened when</h2>";
  for (const auto& phase : report.phases) body += timeline(phase);
  return report::page("Drill of " + report.cluster, body);
}

}  // namespace drill
