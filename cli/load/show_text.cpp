#include <algorithm>
#include <cmath>

#include "cli/load/show.hpp"
#include "cli/load/units.hpp"

namespace load {
namespace {

using base::Json;

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// Columns two spaces apart; the first one to the left, numbers to the right.
std::string columns(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line = "  ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - width_of(row[i]), ' ');
      line += i == 0 ? row[i] + space : "  " + space + row[i];
    }
    while (line.ends_with(' ')) line.pop_back();
    out += line + "\n";
  }
  return out;
}

std::string duration(const Json& latency, const char* key) {
  return latency.value("count", 1.0) == 0 ? "–" : show_duration_us(latency.value(key, 0.0));
}

std::string latency_table(const Json& result) {
  std::vector<std::vector<std::string>> rows{{"latency", "p50", "p90", "p99", "p99.9", "max", "mean"}};
  const auto row = [&](const char* name, const char* key) {
    if (!result.contains(key)) return;
    const Json& latency = result[key];
    rows.push_back({name, duration(latency, "p50"), duration(latency, "p90"), duration(latency, "p99"),
                    duration(latency, "p999"), duration(latency, "max"), duration(latency, "mean")});
  };
  row("from the intended send", "latency_us");
  row("from the actual send", "latency_uncorrected_us");
  return columns(rows);
}

// With its scenario where another one has a step of that name.
std::string full_name(const Json& step, const Json& steps) {
  const std::string name = step.value("name", "");
  const auto same =
      std::count_if(steps.begin(), steps.end(), [&](const Json& one) { return one.value("name", "") == name; });
  return same > 1 ? step.value("scenario", "") + ": " + name : name;
}

std::string steps_table(const Json& result) {
  const Json steps = result.value("steps", Json::array());
  if (steps.size() < 2) return {};
  std::vector<std::vector<std::string>> rows{{"step", "sent", "errors", "rps", "p50", "p99", "max"}};
  for (const auto& step : steps) {
    const Json latency = step.value("latency_us", Json::object());
    rows.push_back({full_name(step, steps), show_count(step.value("sent", 0.0)), show_count(step.value("errors", 0.0)),
                    show_count(step.value("rps", 0.0)), duration(latency, "p50"), duration(latency, "p99"),
                    duration(latency, "max")});
  }
  return "\n" + columns(rows);
}

std::string errors_text(const Json& result, const Paint& paint) {
  std::string text;
  const Json kinds = result.value("errors_by_kind", Json::object());
  for (const auto& [kind, count] : kinds.items()) {
    text += "  " + paint(Mark::bad, show_count(count.get<double>()) + " " + kind) + "\n";
  }
  const Json steps = result.value("steps", Json::array());
  for (const auto& step : steps) {
    const std::string first = first_error(step);
    if (!first.empty()) text += "  first at \"" + full_name(step, steps) + "\": " + first + "\n";
  }
  return text.empty() ? text : "\nerrors\n" + text;
}

std::string thresholds_text(const Json& result, const Paint& paint) {
  const Json verdicts = result.value("thresholds", Json::array());
  if (verdicts.empty()) return {};
  std::string text = "\nthresholds\n";
  for (const auto& verdict : verdicts) {
    const bool held = verdict.value("held", false);
    text += "  " + (held ? paint(Mark::good, "held  ") : paint(Mark::bad, "MISSED")) + "  " +
            verdict.value("threshold", "") + "  (" + verdict.value("actual", "") + ")\n";
  }
  return text;
}

// Texts in it are other people's, of a saved result or a service, and may hold what moves a terminal's cursor.
Json painted_texts(const Json& json, const Paint& paint) {
  if (json.is_string()) return paint(Mark::plain, json.get_ref<const std::string&>());
  if (!json.is_structured()) return json;
  Json out = json.is_array() ? Json::array() : Json::object();
  for (const auto& [key, value] : json.items()) {
    if (json.is_array()) {
      out.push_back(painted_texts(value, paint));
    } else {
      out[paint(Mark::plain, key)] = painted_texts(value, paint);
    }
  }
  return out;
}

std::string attribution_text(const Json& result) {
  if (!result.contains("cluster")) return {};
  const Json& cluster = result["cluster"];
  std::vector<std::vector<std::string>> rows{
      {"where the time went", "share", "requests", "mean", "own", "on the way", "errors"}};
  const auto mean = [](const Json& of, const char* key) {
    return of.contains(key) ? show_duration_us(of[key].get<double>()) : std::string("–");
  };
  const auto share = [](const Json& of) { return of.contains("share") ? show_share(of["share"].get<double>()) : "–"; };
  for (const auto& route : cluster.value("routes", Json::array())) {
    if (rows.size() > 12) break;
    rows.push_back({route.value("service", "") + " " + route.value("endpoint", ""), share(route),
                    show_count(route.value("count", 0.0)), mean(route, "mean_us"), mean(route, "own_us"),
                    mean(route, "way_us"), show_count(route.value("errors", 0.0))});
  }
  if (cluster.contains("entry")) {
    const Json& entry = cluster["entry"];
    rows.push_back({"between load and the cluster", share(entry), show_count(entry.value("count", 0.0)),
                    mean(entry, "mean_us"), "", mean(entry, "way_us"), ""});
  }
  std::string text;
  if (rows.size() > 1) text += "\n" + columns(rows);
  if (cluster.contains("summary")) text += "  " + cluster["summary"].get<std::string>() + "\n";
  for (const auto& line : cluster.value("notes", Json::array())) text += "  " + line.get<std::string>() + "\n";
  const Json restarts = cluster.value("restarts", Json::array());
  if (!restarts.empty()) text += "\nmeanwhile\n";
  for (const auto& event : restarts) {
    text += "  " + event.value("time", "") + "  " + event.value("service", "") + " " + event.value("state", "") + "  " +
            event.value("reason", "") + "\n";
  }
  return text;
}

}  // namespace

std::string show_progress(const Json& progress) {
  const double elapsed = progress.value("elapsed_s", 0.0);
  const double planned = progress.value("planned_s", 0.0);
  const double errors = progress.value("all_errors", 0.0);
  const double missed = progress.value("all_missed", 0.0);
  std::string text = show_duration_us(std::max(elapsed, 0.0) * 1e6) + " of " + show_duration_us(planned * 1e6) + "  " +
                     show_count(std::round(progress.value("rps", 0.0))) + "/s  p50 " +
                     show_duration_us(progress.value("p50_us", 0.0)) + "  p99 " +
                     show_duration_us(progress.value("p99_us", 0.0)) + "  " + show_count(errors) +
                     (errors == 1 ? " error" : " errors");
  if (missed > 0) text += "  " + show_count(missed) + " missed";
  return text;
}

std::string first_error(const Json& figures) {
  const auto found = figures.find("first_error");
  return found != figures.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string show_text(const Json& given, const Paint& paint) {
  const Json result = painted_texts(for_scripts(given), paint);
  const double errors = result.value("errors", 0.0);
  const double missed = result.value("missed", 0.0);
  std::string head = show_count(result.value("completed", 0.0)) + " answers in " +
                     show_duration_us(result.value("elapsed_s", 0.0) * 1e6) + ", " +
                     show_count(std::round(result.value("rps", 0.0))) + "/s";
  if (result.value("model", "") == "open") {
    const bool several = result.value("steps", Json::array()).size() > 1;
    head += (several ? ", at " : " of ") + show_count(result.value("planned_rate", 0.0)) +
            (several ? " iterations a second" : "/s wanted");
  } else {
    head += " over " + show_count(result.value("connections", 0.0)) + " connections";
  }
  head += "; " + (errors > 0 ? paint(Mark::bad, show_count(errors) + (errors == 1 ? " error" : " errors"))
                             : std::string("no errors"));
  if (missed > 0) head += ", " + paint(Mark::bad, show_count(missed) + " never sent");
  std::string text = head + "\n";
  if (missed > 0 && result.contains("connections")) {
    text += paint(Mark::doubtful, "those never sent found no free connection in time; the limit is --max-connections " +
                                      Json(result["connections"]).dump()) +
            "\n";
  }
  if (const std::string stopped = result.value("stopped", ""); !stopped.empty()) {
    text += paint(Mark::doubtful, "stopped early (" + stopped + "): this is the part until then") + "\n";
    if (const double cut_off = result.value("cut_off", 0.0); cut_off > 0) {
      text +=
          paint(Mark::doubtful, show_count(cut_off) + (cut_off == 1 ? " request" : " requests") +
                                    " had no answer yet, and count" + (cut_off == 1 ? "s" : "") + " in no latency") +
          "\n";
    }
  }
  text += "\n" + latency_table(result) + steps_table(result) + errors_text(result, paint) + attribution_text(result) +
          thresholds_text(result, paint);
  const Json generator = result.value("generator", Json::object());
  if (generator.value("spoiled", false)) {
    text += "\n" + paint(Mark::doubtful, "the generator spoiled this run:") + "\n";
    for (const auto& why : generator.value("why", Json::array())) text += "  " + why.get<std::string>() + "\n";
  } else if (generator.contains("late_us") && result.value("model", "") == "open") {
    const Json& late = generator["late_us"];
    text += paint(Mark::faint, "\nown lateness: p50 " + duration(late, "p50") + ", p99 " + duration(late, "p99") +
                                   ", max " + duration(late, "max")) +
            "\n";
  }
  return text;
}

void add_verdicts(Json& result, const std::vector<Threshold>& thresholds) {
  Json list = result.value("thresholds", Json::array());
  bool passed = result.value("passed", true);
  for (const auto& verdict : judge(thresholds, result)) {
    passed = passed && verdict.held;
    Json one{{"threshold", verdict.threshold.text}, {"held", verdict.held}, {"actual", verdict.shown}};
    one["value"] = verdict.actual;
    if (!verdict.threshold.step.empty()) one["step"] = verdict.threshold.step;
    list.push_back(std::move(one));
  }
  result["thresholds"] = std::move(list);
  result["passed"] = passed;
}

Json for_scripts(Json result) {
  result.erase("samples");
  return result;
}

}  // namespace load
