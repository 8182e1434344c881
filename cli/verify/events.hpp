#pragma once
// What lies in the broker's streams, asked through the program msctl-broker.

#include "cli/streams/streams.hpp"
#include "cli/verify/world.hpp"

namespace verify {

using streams::Stored;

// One answer per line that msctl-broker prints. Errors: unavailable with its sentence, not_found without the program.
base::Result<std::vector<base::Json>> ask_broker(World& world, const std::vector<std::string>& words);

// Messages of the service's stream since `from`, oldest first.
base::Result<std::vector<Stored>> events_since(World& world, const std::string& service, base::Wall from);

// Of these, those about one order.
std::vector<Stored> about(const std::vector<Stored>& events, const std::string& order_id);

}  // namespace verify
