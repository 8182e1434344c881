#pragma once
// The last results of an instance's probes that were failures or changes, for people: "why is it not ready?". A result
// that comes again and again is one entry with a count. Plain value.

#include <deque>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace app {

class ProbeHistory {
 public:
  static constexpr std::size_t kept = 20;

  // `what` names the probe: "ready http://127.0.0.1:8080/health/ready"; `result` is "HTTP status 503".
  void note(base::Wall when, const std::string& what, const std::string& result);

  // Oldest first: "12:00:01.250 ready http://127.0.0.1:8080/health/ready HTTP status 503", times in UTC; a repeated one
  // ends with "(14 times until 12:00:03.100)".
  std::vector<std::string> lines() const;

 private:
  struct Entry {
    base::Wall first;
    base::Wall last;
    std::string what;
    std::string result;
    int times = 1;
  };
  std::deque<Entry> entries_;
};

}  // namespace app
