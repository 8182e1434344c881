#include "cli/verify/view.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "cli/report/report.hpp"
#include "cli/terminal/table.hpp"

namespace verify {
namespace {

using base::Json;
using Colour = cli::Style::Colour;

constexpr std::size_t narrowest = 40;  // of the column of evidence

Colour colour_of(Status status) {
  switch (status) {
    case Status::passed:
      return Colour::green;
    case Status::failed:
      return Colour::red;
    case Status::absent:
      return Colour::dim;
    case Status::skipped:
      return Colour::yellow;
  }
  return Colour::none;
}

std::string seconds_text(double seconds) {
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.1f s", seconds);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::size_t columns_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](unsigned char byte) { return (byte & 0xC0U) != 0x80U; }));
}

std::size_t count_of(const Report& report, Status status) {
  return static_cast<std::size_t>(std::count_if(report.outcomes.begin(), report.outcomes.end(),
                                                [&](const Outcome& one) { return one.finding.status == status; }));
}

report::Case case_of(const Report& report, const Outcome& one) {
  report::Case result;
  result.name = std::string(one.check->title);
  if (one.check->number > 0) result.name = number_text(*one.check) + " " + result.name;
  result.seconds = one.seconds;
  result.message = std::string(name(one.finding.status)) + ": " + one.finding.evidence;
  if (one.finding.status == Status::passed) {
    result.message.clear();
    result.detail = one.finding.evidence;
  } else {
    result.outcome = is_failure(report, one) ? report::Outcome::failed : report::Outcome::skipped;
  }
  return result;
}

const char* css_class(Status status) {
  switch (status) {
    case Status::passed:
      return "ok";
    case Status::failed:
      return "bad";
    case Status::absent:
      return "dim";
    case Status::skipped:
      return "warn";
  }
  return "bad";
}

Json number_or_null(const Check& check) { return check.number > 0 ? Json(check.number) : Json(); }

}  // namespace

bool is_failure(const Report& report, const Outcome& outcome) {
  return outcome.finding.status == Status::failed || (report.needs_all && outcome.finding.status != Status::passed);
}

std::vector<std::string> wrapped(const std::string& text, std::size_t width) {
  std::vector<std::string> lines(1);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    std::string& last = lines.back();
    if (last.empty()) {
      last = word;
    } else if (columns_of(last) + 1 + columns_of(word) <= width) {
      last += " " + word;
    } else {
      lines.push_back(word);
    }
  }
  return lines;
}

std::string table(const Report& report, const cli::Style& style, std::size_t width) {
  const cli::Row header{"#", "PATTERN", "STATUS", "TIME", "EVIDENCE"};
  std::size_t before = 2 * 4 + std::string("22").size() + std::string("skipped").size();
  std::size_t title = header[1].size();
  std::size_t time = header[3].size();
  for (const auto& one : report.outcomes) {
    title = std::max(title, one.check->title.size());
    time = std::max(time, seconds_text(one.seconds).size());
  }
  before += title + time;
  const std::size_t room = width == 0 ? std::string::npos : std::max(narrowest, width - std::min(width, before));
  std::vector<cli::Row> rows;
  std::vector<Status> statuses;
  for (const auto& one : report.outcomes) {
    const bool is_absent = one.check->look == nullptr;
    const auto lines = wrapped(cli::printable(one.finding.evidence), room);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      cli::Row row{"", "", "", "", lines[i]};
      if (i == 0) {
        row = {number_text(*one.check), std::string(one.check->title), std::string(name(one.finding.status)),
               is_absent ? "-" : seconds_text(one.seconds), lines[0]};
      }
      rows.push_back(std::move(row));
      statuses.push_back(one.finding.status);
    }
  }
  return cli::format_table(header, rows, [&](std::size_t row, std::size_t column, const std::string& text) {
    if (text.empty()) return text;
    if (column == 2) return style.paint(colour_of(statuses[row]), text);
    return column == 4 && statuses[row] == Status::absent ? style.paint(Colour::dim, text) : text;
  });
}

std::string summary(const Report& report) {
  std::string text = std::to_string(count_of(report, Status::passed)) + " passed";
  for (const Status status : {Status::failed, Status::absent, Status::skipped}) {
    const std::size_t count = count_of(report, status);
    if (count > 0 || status == Status::failed) text += ", " + std::to_string(count) + " " + std::string(name(status));
  }
  return text + " in " + seconds_text(report.seconds);
}

Json document(const Report& report) {
  Json list = Json::array();
  for (const auto& one : report.outcomes) {
    list.push_back({{"pattern", number_or_null(*one.check)},
                    {"name", std::string(one.check->name)},
                    {"title", std::string(one.check->title)},
                    {"status", std::string(name(one.finding.status))},
                    {"evidence", one.finding.evidence},
                    {"seconds", std::round(one.seconds * 1000) / 1000}});
  }
  return list;
}

std::string junit(const Report& report) {
  report::Suite suite{"patterns", {}};
  for (const auto& one : report.outcomes) suite.cases.push_back(case_of(report, one));
  return report::junit("msctl verify " + report.cluster, {suite});
}

std::string html(const Report& report) {
  std::string body = "<p>" + report::escape(summary(report)) + " <span class=\"dim\">cluster " +
                     report::escape(report.cluster) + ", " + report::escape(report.time) +
                     "</span></p>\n<table class=\"stack\">\n<tr><th class=\"num\">#</th><th>Pattern</th><th>Status</th>"
                     "<th class=\"num\">Time</th><th>Evidence</th></tr>\n";
  for (const auto& one : report.outcomes) {
    const std::string status(name(one.finding.status));
    body += "<tr><td class=\"num\">" + number_text(*one.check) + "</td><td>" + report::escape(one.check->title) +
            "</td><td class=\"" + css_class(one.finding.status) + "\">" + status + "</td><td class=\"num\">" +
            (one.check->look == nullptr ? "–" : seconds_text(one.seconds)) + "</td><td class=\"wide\">" +
            report::escape(one.finding.evidence) + "</td></tr>\n";
  }
  return report::page("Patterns of " + report.cluster, body + "</table>\n");
}

std::string list_table(const std::vector<const Check*>& checks) {
  std::vector<cli::Row> rows;
  for (const auto* check : checks) {
    rows.push_back({number_text(*check), std::string(check->name), std::string(check->title),
                    check->look == nullptr ? "nothing yet" : std::string(check->does)});
  }
  return cli::format_table({"#", "NAME", "PATTERN", "WHAT THE CHECK DOES"}, rows);
}

Json list_document(const std::vector<const Check*>& checks) {
  Json list = Json::array();
  for (const auto* check : checks) {
    list.push_back({{"pattern", number_or_null(*check)},
                    {"name", std::string(check->name)},
                    {"title", std::string(check->title)},
                    {"looked_at", check->look != nullptr},
                    {"does", std::string(check->does)}});
  }
  return list;
}

}  // namespace verify
