#pragma once
// What `msctl:streams` tells: each stream and the subjects that it takes. Internal to broker/redis.

#include <hiredis/hiredis.h>

#include <string>
#include <vector>

namespace chassis::broker::redis {

// A stream with the part of a pattern's subjects that it takes.
struct Taker {
  std::string stream;
  std::string part;
};

// Of the answer to HGETALL, by stream and part.
std::vector<Taker> takers_of(const std::string& pattern, const redisReply& streams);

}  // namespace chassis::broker::redis
