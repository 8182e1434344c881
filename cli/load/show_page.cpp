#include <algorithm>
#include <cmath>

#include "cli/load/chart.hpp"
#include "cli/load/show.hpp"
#include "cli/load/units.hpp"
#include "cli/report/report.hpp"

namespace load {
namespace {

using base::Json;
using report::escape;

// In the middle between light and dark, so that they can be told apart on both.
constexpr const char* blue = "#3b82f6";
constexpr const char* orange = "#f08c00";
constexpr const char* red = "#e5484d";
constexpr const char* green = "#30a46c";
constexpr const char* grey = "#8b8d98";

// What is too wide for a narrow window moves by itself.
constexpr const char* scrolled = "<div style=\"overflow-x:auto\">";

std::string shown_duration(const Json& latency, const char* key) {
  return latency.value("count", 0.0) == 0 ? "–" : escape(show_duration_us(latency.value(key, 0.0)));
}

std::string cell(const std::string& html, bool is_number = true) {
  return is_number ? "<td class=\"num\">" + html + "</td>" : "<td>" + html + "</td>";
}

std::string header(const std::vector<std::string>& names) {
  std::string row = "<tr>";
  for (std::size_t i = 0; i < names.size(); ++i) row += (i == 0 ? "<th>" : "<th class=\"num\">") + names[i] + "</th>";
  return row + "</tr>\n";
}

std::vector<std::pair<double, double>> over_time(const Json& result, const char* key, double factor = 1) {
  std::vector<std::pair<double, double>> points;
  for (const auto& slice : result.value("timeline", Json::array())) {
    points.emplace_back(slice.value("at_s", 0.0), slice.value(key, 0.0) * factor);
  }
  return points;
}

// What came in the interval, as a rate.
std::vector<std::pair<double, double>> rate_over_time(const Json& result, const char* key) {
  auto points = over_time(result, key);
  const double elapsed = result.value("elapsed_s", 0.0);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double end = i + 1 < points.size() ? points[i + 1].first : std::max(elapsed, points[i].first + 1e-3);
    points[i].second /= std::max(end - points[i].first, 1e-3);
  }
  // The last interval is often cut short, and its rate then means little.
  if (points.size() > 2) points.pop_back();
  return points;
}

std::string show_seconds(double value) { return show_count(value) + " s"; }

std::string charts(const Json& result) {
  Chart latency{"latency over time", {}, true, show_seconds, show_duration_us};
  latency.lines = {{"max", grey, over_time(result, "max_us"), false, true},
                   {"p99", orange, over_time(result, "p99_us")},
                   {"p50", blue, over_time(result, "p50_us")}};
  Chart rate{"rate over time", {}, false, show_seconds, show_count};
  rate.lines = {{"sent a second", grey, rate_over_time(result, "sent"), false, true},
                {"answered a second", green, rate_over_time(result, "completed"), true}};
  auto errors = rate_over_time(result, "errors");
  auto missed = rate_over_time(result, "missed");
  for (std::size_t i = 0; i < errors.size() && i < missed.size(); ++i) errors[i].second += missed[i].second;
  rate.lines.push_back({"errors and never sent", red, std::move(errors)});
  return "<h2>Latency over time, from the intended send</h2>\n" + draw(latency) + "<h2>Rate over time</h2>\n" +
         draw(rate);
}

// Nines on the x axis: 90 %, 99 %, 99.9 % are as far apart from each other.
double nines(double percentile) { return -std::log10(std::max(1 - percentile / 100, 1e-7)); }

std::string percentile_chart(const Json& result) {
  const auto points = [&](const char* key) {
    std::vector<std::pair<double, double>> list;
    for (const auto& point : result.value(key, Json::array())) {
      const double percentile = point.at(0).get<double>();
      if (percentile < 100) list.emplace_back(nines(percentile), point.at(1).get<double>());
    }
    return list;
  };
  Chart chart{"latency by percentile", {}, true, {}, show_duration_us};
  chart.show_x = [](double x) {
    const double percentile = 100 - std::pow(10, 2 - x);
    std::string text = base::dump_json(Json(std::round(percentile * 1e5) / 1e5));
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text + " %";
  };
  chart.ticks_x = {0, nines(50), 1, 2, 3, 4, 5};
  chart.lines = {{"from the actual send", grey, points("percentile_curve_uncorrected"), false, true},
                 {"from the intended send", orange, points("percentile_curve")}};
  return "<h2>Latency by percentile</h2>\n" + draw(chart);
}

std::string summary(const Json& result) {
  const Json latency = result.value("latency_us", Json::object());
  const Json plain = result.value("latency_uncorrected_us", Json::object());
  std::string out = "<table>\n" + header({"Latency", "p50", "p90", "p99", "p99.9", "max", "mean"});
  const auto row = [&](const char* name, const Json& of) {
    out += "<tr><td>" + std::string(name) + "</td>";
    for (const char* key : {"p50", "p90", "p99", "p999", "max", "mean"}) out += cell(shown_duration(of, key));
    out += "</tr>\n";
  };
  row("from the intended send", latency);
  row("from the actual send", plain);
  return out + "</table>\n";
}

// What came of the run in two words, with its class.
std::pair<const char*, const char*> verdict_of(const Json& result) {
  if (!result.value("passed", true)) return {"bad", "a threshold was missed"};
  if (result.value("completed", 0.0) == 0) return {"bad", "nothing was answered"};
  if (result.value("thresholds", Json::array()).empty()) return {"dim", "no thresholds set"};
  return {"ok", "thresholds held"};
}

std::string head(const Json& result) {
  const double errors = result.value("errors", 0.0);
  const double missed = result.value("missed", 0.0);
  std::string out = "<h1>" + escape(result.value("name", "load")) + "</h1>\n<p class=\"dim\">msctl load, " +
                    escape(result.value("started", "")) + ", " +
                    escape(show_duration_us(result.value("elapsed_s", 0.0) * 1e6)) + "</p>\n";
  const auto [kind, verdict] = verdict_of(result);
  out += "<div class=\"card\"><b class=\"" + std::string(kind) + "\">" + verdict + "</b> &nbsp; " +
         escape(show_count(result.value("completed", 0.0))) + " answers, " +
         escape(show_count(std::round(result.value("rps", 0.0)))) + "/s &nbsp; ";
  out += errors > 0
             ? "<span class=\"bad\">" + escape(show_count(errors)) + (errors == 1 ? " error</span>" : " errors</span>")
             : std::string("no errors");
  if (missed > 0) out += " &nbsp; <span class=\"bad\">" + escape(show_count(missed)) + " never sent</span>";
  if (const std::string stopped = result.value("stopped", ""); !stopped.empty()) {
    out += "<br><span class=\"warn\">stopped early: " + escape(stopped);
    const double cut_off = result.value("cut_off", 0.0);
    if (cut_off > 0) out += ", when " + escape(show_count(cut_off)) + " sent had no answer yet";
    out += "</span>";
  }
  const Json generator = result.value("generator", Json::object());
  for (const auto& why : generator.value("why", Json::array())) {
    out += "<br><span class=\"warn\">spoiled by the generator: " + escape(why.get<std::string>()) + "</span>";
  }
  return out + "</div>\n";
}

std::string thresholds(const Json& result) {
  const Json verdicts = result.value("thresholds", Json::array());
  if (verdicts.empty()) return {};
  std::string out = "<h2>Thresholds</h2>\n<table>\n" + header({"Rule", "Was", ""});
  for (const auto& verdict : verdicts) {
    const bool held = verdict.value("held", false);
    out += "<tr><td><code>" + escape(verdict.value("threshold", "")) + "</code></td>" +
           cell(escape(verdict.value("actual", ""))) +
           (held ? "<td class=\"num ok\">held</td>" : "<td class=\"num bad\">missed</td>") + "</tr>\n";
  }
  return out + "</table>\n";
}

std::string steps(const Json& result) {
  std::string out = "<h2>Steps</h2>\n" + std::string(scrolled) + "<table>\n" +
                    header({"Step", "sent", "answered", "errors", "a second", "p50", "p99", "max"});
  for (const auto& step : result.value("steps", Json::array())) {
    const Json latency = step.value("latency_us", Json::object());
    const double errors = step.value("errors", 0.0);
    out +=
        "<tr><td>" + escape(step.value("name", "")) + "<br><span class=\"dim\">" + escape(step.value("scenario", ""));
    if (const std::string first = first_error(step); !first.empty()) {
      out += "</span><br><span class=\"bad\">" + escape(first);
    }
    out += "</span></td>" + cell(escape(show_count(step.value("sent", 0.0)))) +
           cell(escape(show_count(step.value("completed", 0.0)))) + "<td class=\"num" + (errors > 0 ? " bad" : "") +
           "\">" + escape(show_count(errors)) + "</td>" + cell(escape(show_count(step.value("rps", 0.0)))) +
           cell(shown_duration(latency, "p50")) + cell(shown_duration(latency, "p99")) +
           cell(shown_duration(latency, "max")) + "</tr>\n";
  }
  return out + "</table></div>\n";
}

std::string time_cell(const Json& of, const char* key) {
  // A table of eight columns would break between the number and its unit.
  return "<td class=\"num\" style=\"white-space:nowrap\">" +
         (of.contains(key) ? escape(show_duration_us(of[key].get<double>())) : "–") + "</td>";
}

// A bar of two parts: own time, and what was on the way.
std::string share_cell(const Json& of) {
  if (!of.contains("share")) return "<td class=\"num\">–</td>";
  const double share = of["share"].get<double>();
  const double own = of.value("own_us", 0.0);
  const double way = of.value("way_us", 0.0);
  const double own_part = own + way > 0 ? own / (own + way) : 0;
  const auto bar = [](double width, const char* colour) {
    return "<div style=\"height:.7em;background:" + std::string(colour) +
           ";width:" + std::to_string(static_cast<int>(std::lround(width * 100))) + "%\"></div>";
  };
  return "<td style=\"width:8rem\">" + escape(show_share(share)) + "<div style=\"display:flex\">" +
         bar(share * own_part, blue) + bar(share * (1 - own_part), orange) + "</div></td>";
}

std::string legend() {
  return "<p class=\"dim\"><span style=\"color:" + std::string(blue) +
         "\">■</span> own &nbsp; <span style=\"color:" + orange + "\">■</span> on the way to it</p>\n";
}

std::string cluster_part(const Json& result) {
  if (!result.contains("cluster")) return {};
  const Json& cluster = result["cluster"];
  std::string out = "<h2>Where the time went</h2>\n";
  if (cluster.contains("summary")) out += "<p><b>" + escape(cluster["summary"].get<std::string>()) + "</b></p>\n";
  out += std::string(scrolled) + "<table>\n" +
         header({"Service and endpoint", "requests", "errors", "mean", "own", "on the way", "total", "share"});
  const Json routes = cluster.value("routes", Json::array());
  for (const auto& route : routes) {
    out += "<tr><td><b>" + escape(route.value("service", "")) + "</b> <code>" + escape(route.value("endpoint", "")) +
           "</code></td>" + cell(escape(show_count(route.value("count", 0.0)))) +
           cell(escape(show_count(route.value("errors", 0.0)))) + time_cell(route, "mean_us") +
           time_cell(route, "own_us") + time_cell(route, "way_us") + time_cell(route, "total_us") + share_cell(route) +
           "</tr>\n";
  }
  if (cluster.contains("entry")) {
    const Json& entry = cluster["entry"];
    out += "<tr><td>between load and the cluster</td>" + cell(escape(show_count(entry.value("count", 0.0)))) +
           cell("") + time_cell(entry, "mean_us") + cell("") + time_cell(entry, "way_us") + cell("") +
           share_cell(entry) + "</tr>\n";
  }
  out += "</table></div>\n" + legend();
  for (const auto& note : cluster.value("notes", Json::array())) {
    out += "<p class=\"dim\">" + escape(note.get<std::string>()) + "</p>\n";
  }
  const Json restarts = cluster.value("restarts", Json::array());
  out += "<h2>Meanwhile in the cluster</h2>\n";
  if (restarts.empty()) return out + "<p class=\"dim\">nothing restarted</p>\n";
  out += "<table>\n";
  for (const auto& event : restarts) {
    out += "<tr><td>" + escape(event.value("time", "")) + "</td><td>" + escape(event.value("service", "")) +
           "</td><td>" + escape(event.value("state", "")) + "</td><td>" + escape(event.value("reason", "")) +
           "</td></tr>\n";
  }
  return out + "</table>\n";
}

std::string search_part(const Json& result) {
  if (!result.contains("find_max")) return {};
  const Json& found = result["find_max"];
  std::string out =
      "<h2>Search for the highest rate</h2>\n<table>\n" + header({"Rate", "answered", "p50", "p99", "errors", ""});
  for (const auto& trial : found.value("trials", Json::array())) {
    const bool held = trial.value("held", false);
    out += "<tr><td>" + escape(show_count(trial.value("rate", 0.0))) + "/s</td>" +
           cell(escape(show_count(trial.value("rps", 0.0))) + "/s") +
           cell(escape(show_duration_us(trial.value("p50_us", 0.0)))) +
           cell(escape(show_duration_us(trial.value("p99_us", 0.0)))) +
           cell(escape(show_share(trial.value("error_rate", 0.0)))) +
           (held ? "<td class=\"num ok\">holds</td>" : "<td class=\"num bad\">broken</td>") + "</tr>\n";
  }
  return out + "</table>\n";
}

std::string counted(double count, const char* what) {
  return escape(show_count(count)) + " " + what + (count == 1 ? "" : "s");
}

std::string generator_part(const Json& result) {
  const Json generator = result.value("generator", Json::object());
  const Json late = generator.value("late_us", Json::object());
  std::string out = "<h2>The generator itself</h2>\n<p>";
  if (result.value("model", "") == "open") {
    out += "late by p50 " + escape(show_duration_us(late.value("p50", 0.0))) + ", p99 " +
           escape(show_duration_us(late.value("p99", 0.0))) + ", max " +
           escape(show_duration_us(late.value("max", 0.0))) + "; ";
  }
  out += escape(show_count(generator.value("cpu_s", 0.0))) + " s of CPU on " +
         counted(generator.value("threads", 0.0), "thread") + ", " +
         counted(generator.value("connects", 0.0), "connection") + " made, " +
         escape(show_count(generator.value("held_for_a_connection", 0.0))) + " sends that waited for one</p>\n";
  if (result.value("model", "") == "closed") {
    out +=
        "<p class=\"dim\">With a fixed number of connections nothing is sent while an answer is waited for. The "
        "figures "
        "from the intended send add what would have been sent meanwhile, at the usual pace of an answer.</p>\n";
  }
  return out;
}

}  // namespace

std::string show_page(const Json& result) {
  return report::page("msctl load: " + result.value("name", ""),
                      head(result) + summary(result) + thresholds(result) + charts(result) + percentile_chart(result) +
                          search_part(result) + steps(result) + cluster_part(result) + generator_part(result));
}

}  // namespace load
