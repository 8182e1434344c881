#pragma once
// One invariant's finding in the making.

#include <string>
#include <utility>

#include "cli/invariants/judge.hpp"

namespace invariants {

class Sheet {
 public:
  // Skipped, when one of the sources that it needs is not there.
  template <class... T>
  explicit Sheet(const Source<T>&... needed) {
    (need(needed.why_not), ...);
  }

  // Else there is nothing to look at: return done().
  bool is_open() const { return finding_.status != Status::skipped; }
  void skip(const std::string& why) { need(why); }
  void looked(std::size_t times = 1) { finding_.checked += times; }
  void breach(std::string subject, std::string expected, std::string got) {
    finding_.status = Status::broken;
    finding_.breaches.push_back({std::move(subject), std::move(expected), std::move(got)});
  }
  Finding done() { return std::move(finding_); }

 private:
  void need(const std::string& why_not) {
    if (why_not.empty() || !is_open()) return;
    finding_.status = Status::skipped;
    finding_.why_skipped = why_not;
  }

  Finding finding_;
};

// "1 payment", "2 payments".
inline std::string count_text(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

inline std::string money_text(std::int64_t amount, const std::string& currency) {
  return std::to_string(amount) + " " + currency;
}

// "2 CUP-7, 1 TEA-1", "nothing".
inline std::string items_text(const Items& items) {
  std::string text;
  for (const auto& [sku, quantity] : items) text += (text.empty() ? "" : ", ") + std::to_string(quantity) + " " + sku;
  return text.empty() ? "nothing" : text;
}

}  // namespace invariants
