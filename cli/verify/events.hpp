#pragma once
// What lies in the broker's streams, asked through the program msctl-broker.

#include <map>

#include "cli/verify/world.hpp"

namespace verify {

struct Stored {
  std::uint64_t sequence = 0;
  std::string time;
  std::string subject;
  std::map<std::string, std::string> headers;  // names in lower case
  base::Json event;                            // null when the body is no JSON object
};

// "ORDER-SERVICE" of "order-service".
std::string stream_of(const std::string& service);

// One answer per line that msctl-broker prints. Errors: unavailable with its sentence, not_found without the program.
base::Result<std::vector<base::Json>> ask_broker(World& world, const std::vector<std::string>& words);

// Messages of the service's stream since `from`, oldest first.
base::Result<std::vector<Stored>> events_since(World& world, const std::string& service, base::Wall from);

// Of these, those about one order.
std::vector<Stored> about(const std::vector<Stored>& events, const std::string& order_id);

}  // namespace verify
