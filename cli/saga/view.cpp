#include "cli/saga/view.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/json_text.hpp"
#include "cli/session/log_time.hpp"
#include "cli/terminal/table.hpp"

namespace saga {
namespace {

using base::Json;
using base::text_at;
using Colour = cli::Style::Colour;

constexpr std::int64_t second_us = 1'000'000;

std::optional<std::int64_t> time_of(const std::string& text, std::int64_t now_us) {
  if (text.empty()) return std::nullopt;
  const auto time = cli::parse_log_time(text, now_us);
  return time ? std::optional(time.value()) : std::nullopt;
}

std::string duration(std::int64_t us) {
  if (us < second_us) return std::to_string(std::max<std::int64_t>(us, 0) / 1'000) + " ms";
  return cli::format_duration(static_cast<double>(us) / second_us);
}

std::string or_dash(const Json& object, const std::string& key) {
  const auto text = text_at(object, key);
  return text.empty() ? "-" : cli::printable(text);
}

std::string number_at(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->dump() : "-";
}

bool has_ended(const std::string& state) { return state == "completed" || state == "compensated"; }

Colour colour_of(const std::string& state) {
  if (state == "completed" || state == "done") return Colour::green;
  if (state == "compensating" || state == "refused" || state == "timed_out") return Colour::red;
  if (state == "compensated") return Colour::yellow;
  return state == "skipped" ? Colour::dim : Colour::none;
}

// Of the whole saga: it moved last when it ended.
std::string whole_took(const Json& saga, std::int64_t now_us) {
  const bool is_over = has_ended(text_at(saga, "state"));
  return took(text_at(saga, "started_at"), is_over ? text_at(saga, "updated_at") : "", now_us);
}

cli::Row row_of_step(const Json& step, const std::string& began, std::int64_t now_us) {
  const auto started = text_at(step, "started_at");
  const bool has_begun = !started.empty();
  return {or_dash(step, "name"),
          or_dash(step, "state"),
          or_dash(step, "started_at"),
          has_begun ? took(began, started, now_us) : "-",
          has_begun ? took(started, text_at(step, "ended_at"), now_us) : "-",
          number_at(step, "attempts"),
          or_dash(step, "detail")};
}

}  // namespace

std::string took(const std::string& began, const std::string& ended, std::int64_t now_us) {
  const auto from = time_of(began, now_us);
  const auto to = ended.empty() ? std::optional(now_us) : time_of(ended, now_us);
  return from && to ? duration(*to - *from) : "-";
}

void sort_newest_first(Json& sagas) {
  std::stable_sort(sagas.begin(), sagas.end(),
                   [](const Json& a, const Json& b) { return text_at(a, "started_at") > text_at(b, "started_at"); });
}

std::string table(const Json& sagas, std::int64_t now_us, const cli::Style& style) {
  std::vector<cli::Row> rows;
  std::vector<std::string> states;
  for (const auto& one : sagas) {
    states.push_back(text_at(one, "state"));
    rows.push_back({or_dash(one, "id"), or_dash(one, "service"), or_dash(one, "kind"), or_dash(one, "state"),
                    or_dash(one, "step"), or_dash(one, "started_at"), whole_took(one, now_us),
                    number_at(one, "retries"), or_dash(one, "reason")});
  }
  return cli::format_table({"ID", "SERVICE", "KIND", "STATE", "STEP", "STARTED", "TOOK", "RETRIES", "REASON"}, rows,
                           [&](std::size_t row, std::size_t column, const std::string& text) {
                             return column == 3 ? style.paint(colour_of(states[row]), text) : text;
                           });
}

std::string story(const Json& saga, std::int64_t now_us, const cli::Style& style) {
  const auto state = text_at(saga, "state");
  const auto reason = text_at(saga, "reason");
  const auto began = text_at(saga, "started_at");
  std::string text = or_dash(saga, "kind") + " " + or_dash(saga, "id") + " of " + or_dash(saga, "service") + ": " +
                     style.paint(colour_of(state), or_dash(saga, "state")) +
                     (reason.empty() ? "" : ", " + cli::printable(reason)) + "\n";
  text += "started " + or_dash(saga, "started_at") + (has_ended(state) ? ", took " : ", under way for ") +
          whole_took(saga, now_us) + ", retries " + number_at(saga, "retries");
  if (!has_ended(state) && !text_at(saga, "deadline").empty()) text += ", deadline " + or_dash(saga, "deadline");
  text += "\n\n";
  std::vector<cli::Row> rows;
  std::vector<std::string> states;
  for (const auto& step : saga.value("steps", Json::array())) {
    states.push_back(text_at(step, "state"));
    rows.push_back(row_of_step(step, began, now_us));
  }
  return text + cli::format_table({"STEP", "STATE", "STARTED", "AFTER", "TOOK", "ATTEMPTS", "DETAIL"}, rows,
                                  [&](std::size_t row, std::size_t column, const std::string& cell) {
                                    return column == 1 ? style.paint(colour_of(states[row]), cell) : cell;
                                  });
}

}  // namespace saga
