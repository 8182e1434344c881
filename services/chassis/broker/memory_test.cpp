#include "services/chassis/broker/memory.hpp"

#include "services/chassis/broker/broker_contract.hpp"
#include "services/chassis/broker/consume_contract.hpp"
#include "services/chassis/broker/quiet_contract.hpp"

namespace chassis::broker {
namespace {

class MemoryHarness {
 public:
  Brokers& brokers() { return brokers_; }
  static std::string url() { return "memory:"; }
  void take_down() { brokers_.set(MemoryBrokers::Health::down); }
  void forget() { brokers_.lose("ORDERS", 0); }
  void bring_back() { brokers_.set(MemoryBrokers::Health::up); }
  std::vector<Message> stored(const std::string& stream) { return brokers_.stored(stream); }

 private:
  base::SystemClock clock_;
  MemoryBrokers brokers_{clock_};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, BrokerContract, ::testing::Types<MemoryHarness>);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, ConsumeContract, ::testing::Types<MemoryHarness>);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, QuietContract, ::testing::Types<MemoryHarness>);

TEST(MemoryBroker, ASilentBrokerTimesOut) {
  base::SystemClock clock;
  MemoryBrokers brokers(clock);
  const auto broker = brokers.connect("").value();
  brokers.set(MemoryBrokers::Health::silent);
  const auto deadline = clock.monotonic() + std::chrono::seconds(10);
  const auto results = base::run_task(broker->publish(deadline, std::vector<Message>(1)));
  EXPECT_EQ(results.at(0).error().code, base::ErrorCode::timeout);
}

}  // namespace
}  // namespace chassis::broker
