#pragma once
// Messages on their way to the server: some share a call of the script, which takes the server half as long as a call
// for each, and what it answers to each of them. Internal to broker/redis; pure.

#include <hiredis/hiredis.h>

#include <cstddef>
#include <vector>

#include "services/chassis/broker/broker.hpp"
#include "services/chassis/broker/redis/link.hpp"

namespace chassis::broker::redis {

struct Publication {
  Command command;
  std::size_t messages = 0;  // and answers to them, in their order; 0: another command, which has one answer
};

constexpr std::size_t answers_to(std::size_t messages) { return messages == 0 ? 1 : messages; }

std::vector<Publication> publications(std::vector<Message> messages);

// The n-th answer of what the server said to so many messages; what commands answer that is no message's place is of no
// interest. Errors: not_found for nothing, conflict when it was out of turn, unavailable.
base::Result<Stored> stored_of(std::size_t messages, const redisReply& reply, std::size_t n);

}  // namespace chassis::broker::redis
