#pragma once
// What was acknowledged against what happened. Pure.

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "cli/drill/attempt.hpp"

namespace drill {

struct SeenOrder {
  std::string id;
  std::string key;
  bool as_placed = true;  // its content is what was sent
};

// One message of the stream.
struct SeenEvent {
  std::string id;
  std::string order_id;
  std::string key;
};

struct Evidence {
  std::vector<SeenOrder> orders;
  std::set<std::string> there;  // keys of what is no order and was read back as it was acknowledged
  bool with_events = false;     // there is a stream to look at
  std::vector<SeenEvent> events;
  std::vector<std::string> stuck;  // sentences: what had not come to rest in time
};

enum class Harm : std::uint8_t { lost, twice, stuck };

struct Finding {
  Harm harm = Harm::lost;
  int phase = 0;
  std::string sentence;
};

struct Verdict {
  std::vector<Finding> findings;
  std::size_t took_effect = 0;  // happened, though it was not acknowledged: allowed
  std::size_t repeated = 0;  // messages of an event that was in the stream already: allowed, receivers drop them by id
  bool holds() const { return findings.empty(); }
  std::size_t count(Harm harm) const;
  std::size_t count(Harm harm, int phase) const;
};

Verdict judge(const std::vector<Attempt>& attempts, const Evidence& evidence);

// Orders that are there and have no event yet.
std::size_t missing_events(const Evidence& evidence);

std::string_view name(Harm harm);

}  // namespace drill
