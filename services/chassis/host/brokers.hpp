#pragma once
// The adapters of the broker port, chosen by the URL. Thread-safe as they are.

#include "services/chassis/broker/nats/nats.hpp"
#include "services/chassis/broker/redis/redis.hpp"

namespace chassis {

class BrokersByUrl final : public broker::Brokers {
 public:
  base::Result<std::unique_ptr<broker::Broker>> connect(const std::string& url) override {
    if (broker::is_redis_url(url)) return redis_.connect(url);
    return nats_.connect(url);
  }

 private:
  broker::NatsBrokers nats_;
  broker::RedisBrokers redis_;
};

}  // namespace chassis
