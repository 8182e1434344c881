#include "services/chassis/rpc/memory.hpp"

#include "services/chassis/rpc/rpc_contract.hpp"

namespace chassis::rpc {
namespace {

class MemoryHarness {
 public:
  Transport& transport() { return transport_; }

 private:
  base::SystemClock clock_;
  MemoryTransport transport_{clock_};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, RpcContract, ::testing::Types<MemoryHarness>);

}  // namespace
}  // namespace chassis::rpc
