#pragma once
// Redis Streams behind the broker port; needs Redis 7. docs/events.md tells which keys it makes and how the server must
// be set up to lose nothing. A Broker has one connection, and each Subscriber one more to wait with; they are made in
// the background and remade for ever: the delay between tries doubles from 100 ms to 2 s, with jitter. While it is down
// every call fails at once as unavailable; nothing is kept for later. Messages whose answer was outstanding when the
// connection broke fail as unavailable too and may have been stored; their id makes a second try harmless for 2
// minutes.
//
// Delivered messages and the moment from which each may be delivered again are kept by the server, which looks at its
// own clock only. All that share a durable are one consumer of its group, so that none is left over from a dead
// process.
//
// Thread-safe. Each Broker has a thread of its own, which never blocks. Destroying a Broker answers what is outstanding
// as cancelled.

#include "services/chassis/broker/broker.hpp"

namespace chassis::broker {

class RedisBrokers final : public Brokers {
 public:
  static constexpr std::size_t max_message_bytes = 1 << 20;  // what NATS takes by default, so that either can be chosen

  // `redis://address:port`. Errors: malformed.
  base::Result<std::unique_ptr<Broker>> connect(const std::string& url) override;
};

bool is_redis_url(const std::string& url);

}  // namespace chassis::broker
