#include "tests/bench/events/raw_redis.hpp"

#include <array>

#include "tests/bench/events/measure.hpp"

namespace bench {
namespace {

constexpr int at_once = 512;

}  // namespace

RawRedis::RawRedis(int port, std::string body)
    : body_(std::move(body)), connection_(redisConnect("127.0.0.1", port), redisFree) {
  if (!connection_ || connection_->err != 0) die("no connection to redis-server");
}

void RawRedis::publish(int events) {
  for (int done = 0; done < events;) {
    const int count = std::min(at_once, events - done);
    for (int i = 0; i < count; ++i) append("raw-" + std::to_string(next_++));
    for (int i = 0; i < count; ++i) {
      void* reply = nullptr;
      if (redisGetReply(connection_.get(), &reply) != REDIS_OK) die("redis-server has gone");
      const bool is_stored = static_cast<redisReply*>(reply)->type == REDIS_REPLY_STRING;
      freeReplyObject(reply);
      if (!is_stored) die("redis-server refused an entry");
    }
    done += count;
  }
}

void RawRedis::append(const std::string& id) {
  const std::array<std::string, 15> words{"XADD",
                                          "raw",
                                          "*",
                                          "subject",
                                          "raw.many",
                                          "id",
                                          id,
                                          "header.Content-Type",
                                          "application/cloudevents+json",
                                          "header.traceparent",
                                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                          "header.X-Request-Id",
                                          "r",
                                          "body",
                                          body_};
  std::array<const char*, words.size()> pointers{};
  std::array<std::size_t, words.size()> sizes{};
  for (std::size_t i = 0; i < words.size(); ++i) {
    pointers[i] = words[i].data();
    sizes[i] = words[i].size();
  }
  redisAppendCommandArgv(connection_.get(), static_cast<int>(words.size()), pointers.data(), sizes.data());
}

}  // namespace bench
