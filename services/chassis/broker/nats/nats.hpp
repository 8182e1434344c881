#pragma once
// NATS JetStream behind the broker port. A Broker has one connection, made in the background and remade for ever: the
// delay between tries doubles from 100 ms to 2 s, with jitter. While it is down every call fails at once as
// unavailable; nothing is kept for later. Messages whose answer was outstanding when the connection broke fail as
// unavailable too and may have been stored; their id makes a second try harmless within the stream's duplicate window
// of 2 minutes.
//
// Thread-safe. The client library has threads of its own and may block; it is called from a thread that each Broker
// keeps for this, never from an I/O thread. Destroying a Broker answers what is outstanding as cancelled.

#include "services/chassis/broker/broker.hpp"

namespace chassis::broker {

class NatsBrokers final : public Brokers {
 public:
  // `nats://address:port`. Errors: malformed.
  base::Result<std::unique_ptr<Broker>> connect(const std::string& url) override;
};

}  // namespace chassis::broker
