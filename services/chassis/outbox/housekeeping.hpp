#pragma once
// What a relay does beside publishing: gauges, and removing rows that were sent long ago. Internal to outbox.

#include "services/chassis/outbox/outbox.hpp"
#include "services/chassis/outbox/store.hpp"

namespace chassis::outbox {

class Relay::Housekeeping {
 public:
  Housekeeping(Environment& env, Store& store, const RelayOptions& options);

  // Until shutdown is requested. `may_reap` is asked each time.
  base::Task<> run(std::function<bool()> may_reap);

 private:
  base::Task<> measure();
  base::Task<> measure_horizon();
  base::Task<> reap();

  Environment& env_;
  Store& store_;
  const RelayOptions& options_;
  std::unique_ptr<Signal> signal_;
  std::string horizon_;                 // as it was last seen
  base::Monotonic horizon_since_ = {};  // when it was first seen
};

// Unix milliseconds of an RFC 3339 time in UTC; 0 for another text.
std::int64_t to_milliseconds(const std::string& rfc3339);

}  // namespace chassis::outbox
