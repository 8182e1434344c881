#include "services/chassis/broker/redis/streams.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>

#include "base/subjects.hpp"

namespace chassis::broker::redis {

std::vector<Taker> takers_of(const std::string& pattern, const redisReply& streams) {
  std::vector<Taker> takers;
  if (streams.type != REDIS_REPLY_ARRAY) return takers;
  for (std::size_t i = 0; i + 1 < streams.elements; i += 2) {
    const auto& name = *streams.element[i];
    const auto& subjects = *streams.element[i + 1];
    for (std::string_view rest(subjects.str, subjects.len); !rest.empty();) {
      const auto space = std::min(rest.find(' '), rest.size());
      auto part = base::subjects_in_both(rest.substr(0, space), pattern);
      if (part) takers.push_back({{name.str, name.len}, std::move(*part)});
      rest.remove_prefix(std::min(space + 1, rest.size()));
    }
  }
  std::sort(takers.begin(), takers.end(), [](const Taker& one, const Taker& other) {
    return std::tie(one.stream, one.part) < std::tie(other.stream, other.part);
  });
  return takers;
}

}  // namespace chassis::broker::redis
