#pragma once
// One durable subscription: asks the server for messages on behalf of the one fetch that waits for them, and waits with
// a connection of its own when there are none. Everything on the broker's thread. Internal to broker/redis.

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "base/resume.hpp"
#include "services/chassis/broker/broker.hpp"
#include "services/chassis/broker/redis/link.hpp"

namespace chassis::broker::redis {

using Deliveries = base::Result<std::vector<Delivery>>;

class Pull : public std::enable_shared_from_this<Pull> {
 public:
  Pull(boost::asio::any_io_executor executor, Address address, std::shared_ptr<Link> link, Subscription subscription);

  void fetch(std::size_t at_most, base::Monotonic deadline, base::Resume<Deliveries> resume);
  // A message was settled, so there may be room for another.
  void settled();
  // Who waits is answered as cancelled; what had come for it is given back.
  void stop();

 private:
  using Ms = std::chrono::milliseconds;

  void look();
  void find_stream();
  void ask();
  void receive(const redisReply& reply);
  void rest(Rest state, Ms pause, const std::string& last);
  void block(const std::string& last);
  void wake_after(Ms pause);
  void give_back();
  void answer(Deliveries deliveries);
  std::vector<Delivery> take();

  const boost::asio::any_io_executor executor_;
  const Address address_;
  const std::shared_ptr<Link> link_;
  const Subscription subscription_;
  std::shared_ptr<Link> blocking_;  // made when there is something to wait for
  boost::asio::steady_timer wake_;
  boost::asio::steady_timer deadline_;
  std::string stream_;  // empty: not known, or not any more
  std::deque<Delivery> arrived_;
  std::size_t at_most_ = 0;
  base::Resume<Deliveries> waiter_;  // empty: nobody waits
  Rest rest_ = Rest::none;           // what the last look left behind it
  bool is_asking_ = false;
  bool is_blocked_ = false;
  bool is_stopped_ = false;
};

// Words of the script that settles a delivery; a negative delay: it never comes again.
Command settlement(const std::string& durable, const Delivery& delivery, std::chrono::milliseconds delay);

}  // namespace chassis::broker::redis
