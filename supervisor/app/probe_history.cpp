#include "supervisor/app/probe_history.hpp"

#include <algorithm>

namespace app {
namespace {

// 12:00:01.250 of 2026-11-21T12:00:01.250Z
std::string time_of_day(base::Wall time) { return base::to_rfc3339(time).substr(11, 12); }

}  // namespace

void ProbeHistory::note(base::Wall when, const std::string& what, const std::string& result) {
  const auto same = [&what](const Entry& entry) { return entry.what == what; };
  const auto last = std::find_if(entries_.rbegin(), entries_.rend(), same);
  if (last != entries_.rend() && last->result == result) {
    last->last = when;
    ++last->times;
    return;
  }
  entries_.push_back(Entry{when, when, what, result});
  if (entries_.size() > kept) entries_.pop_front();
}

std::vector<std::string> ProbeHistory::lines() const {
  std::vector<std::string> lines;
  for (const auto& entry : entries_) {
    std::string line = time_of_day(entry.first) + " " + entry.what + " " + entry.result;
    if (entry.times > 1) line += " (" + std::to_string(entry.times) + " times until " + time_of_day(entry.last) + ")";
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace app
