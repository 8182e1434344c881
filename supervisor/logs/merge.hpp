#pragma once
// The lines of several sources, by time; those of one source stay in the order in which it gives them.

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "supervisor/logs/reader.hpp"

namespace logs {

class Merge {
 public:
  // Gives the next line, or nothing when there is none now.
  using Pull = std::function<std::optional<Line>()>;

  void add(Pull pull) { heads_.push_back({std::move(pull), std::nullopt}); }

  // The next line and the number of its source, counted as they were added; nothing when none has one now.
  std::optional<std::pair<std::size_t, Line>> next() {
    Head* first = nullptr;
    for (auto& head : heads_) {
      if (!head.line) head.line = head.pull();
      if (head.line && (first == nullptr || head.line->time_us < first->line->time_us)) first = &head;
    }
    if (first == nullptr) return std::nullopt;
    auto given = std::pair(static_cast<std::size_t>(first - heads_.data()), std::move(*first->line));
    first->line.reset();
    return given;
  }

 private:
  struct Head {
    Pull pull;
    std::optional<Line> line;
  };
  std::vector<Head> heads_;
};

}  // namespace logs
