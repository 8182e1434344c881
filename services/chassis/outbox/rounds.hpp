#pragma once
// The rounds of a relay. As long as nothing must wait, a round is a run of the Pipeline. As soon as a row is put off or
// parked, what is behind it in its aggregate must wait as well: then rounds walk from aggregate to aggregate, each a
// portion read, published and written down, until a whole circle has met nothing that waits.
// Also who works when there are several relays, and what is done about a broker that has lost its stream or the end of
// it. Internal to outbox; one round at a time.

#include <optional>

#include "services/chassis/outbox/outbox.hpp"
#include "services/chassis/outbox/pipeline.hpp"
#include "services/chassis/outbox/store.hpp"

namespace chassis::outbox {

class Relay::Rounds {
 public:
  Rounds(Environment& env, Store& store, broker::Broker& broker, const RelayOptions& options);

  // How many rows it moved on; 0 when there is nothing to do now. Errors: the broker or the database is away.
  base::Task<base::Result<int>> next();
  // Something was committed. Thread-safe.
  void wake() { pipeline_.wake(); }
  // Lets the lease go, so that another relay need not wait.
  base::Task<> end();

  bool has_lease() const { return has_lease_; }
  // Something waits for a transaction that has not ended.
  bool is_held_back() const { return is_held_back_; }

 private:
  struct Outcome;

  base::Task<base::Result<Portion>> read();
  base::Task<base::Result<Portion>> read_walking();
  base::Task<base::Result<int>> flow(Portion portion, std::uint64_t news);
  base::Task<base::Result<int>> walk(Portion portion);
  base::Task<base::Result<bool>> stand_for_lease(Lease seen, bool work_waits);
  base::Task<base::Result<void>> ensure_stream();
  base::Task<base::Result<bool>> look_at_end(Lease lease);
  base::Task<base::Result<int>> rewind(std::int64_t last_sequence, std::int64_t acknowledged);
  base::Task<Outcome> publish(Portion portion);
  void sort_out(Waiting& row, const base::Error& error, Outcome& outcome);
  Refused put_off(const Waiting& row, const base::Error& error, bool is_final);

  Environment& env_;
  Store& store_;
  broker::Broker& broker_;
  const RelayOptions& options_;
  const std::string owner_;
  bool has_lease_ = false;
  bool had_lease_ = false;
  bool is_held_back_ = false;
  bool stream_known_ = false;
  base::Monotonic look_at_end_at_{};
  std::uint64_t connections_ = 0;  // when the end was looked at
  Pipeline pipeline_;
  bool is_walking_ = false;
  std::string after_;                // where the next portion of a walk begins
  bool is_circle_fruitless_ = true;  // nothing was found since the first aggregate
  bool is_circle_clear_ = false;     // nothing that must wait was met since then
  std::int64_t per_aggregate_ = 16;
  // The other relay as it was first seen with this beat while work waited.
  std::optional<std::pair<Lease, base::Monotonic>> watched_;
};

}  // namespace chassis::outbox
