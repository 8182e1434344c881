#pragma once
// Redis Streams as the commands need it, over one connection of hiredis: the keys that services/chassis/broker/redis
// makes. An entry MS-N is message MS × 2^20 + N here, so that messages have numbers in their order as in JetStream.
// Blocking; one thread.

#include <hiredis/hiredis.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/libexec/broker/arguments.hpp"

namespace broker {

// Pure. An entry's number and back; 0 for what is no entry.
std::uint64_t entry_number(const std::string& entry);
std::string entry_of(std::uint64_t number);

class RedisStreams {
 public:
  // `redis://HOST:PORT`. Errors of this and all below: as those of JetStream; also malformed, for the URL.
  static base::Result<RedisStreams> connect(const std::string& url, std::chrono::milliseconds timeout);

  // As those of JetStream.
  base::Result<std::vector<base::Json>> streams();
  base::Result<base::Json> stream(const std::string& name);
  base::Result<std::vector<base::Json>> consumers(const std::string& stream);
  base::Result<void> read(const Arguments& which, const std::function<bool(const base::Json&)>& each);
  base::Result<std::vector<base::Json>> redeliver(const Arguments& which);
  base::Result<base::Json> remove(const Arguments& which);
  base::Result<base::Json> publish(const Arguments& what, const std::string& body);
  base::Result<void> settle(const std::string& stream, const std::vector<Settling>& all,
                            const std::function<void(std::uint64_t)>& done);

 private:
  using Reply = std::unique_ptr<redisReply, void (*)(void*)>;
  using Context = std::unique_ptr<redisContext, void (*)(redisContext*)>;

  explicit RedisStreams(Context context) : context_(std::move(context)) {}
  base::Result<Reply> ask(const std::vector<std::string>& words);
  // All are sent before the first answer is read, and all answers are read. Errors: the first of them.
  base::Result<std::vector<Reply>> ask_all(const std::vector<std::vector<std::string>>& questions);
  // Errors: not_found.
  base::Result<std::string> stream_for(const std::string& subject);
  base::Result<std::string> subjects_of(const std::string& stream);
  base::Result<std::vector<base::Json>> deliver_twice(const std::string& stream, const std::string& group,
                                                      const Arguments& which);
  base::Result<std::uint64_t> entries_after(const std::string& stream, std::string entry);
  base::Result<base::Json> consumer(const std::string& stream, const redisReply& group);

  Context context_;
};

}  // namespace broker
