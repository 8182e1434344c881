#pragma once
// The peer on Redis: its client library alone, adding entries like those of the outbox to a stream of its own, so many
// at once. One thread uses it.

#include <hiredis/hiredis.h>

#include <memory>
#include <string>

namespace bench {

class RawRedis {
 public:
  // Ends the program when it cannot connect, as publish() does when that fails.
  RawRedis(int port, std::string body);

  // Until the server has confirmed all.
  void publish(int events);

 private:
  void append(const std::string& id);

  const std::string body_;
  std::unique_ptr<redisContext, void (*)(redisContext*)> connection_;
  int next_ = 0;
};

}  // namespace bench
