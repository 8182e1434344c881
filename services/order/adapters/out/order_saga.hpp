#pragma once
// The saga of an order: what it consists of, as data, and what each transition means to the order and says to others.
// Why it is this one: docs/adr/0024-a-saga-by-events-with-one-owner.md.

#include <chrono>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "services/chassis/event_schema/event_schema.hpp"
#include "services/chassis/saga/saga.hpp"

namespace order_service::adapters {

// Longer than the participants' own retries, or orders are cancelled for no need.
struct SagaTimes {
  std::chrono::milliseconds payment{120'000};
  std::chrono::milliseconds stock{120'000};
};

chassis::saga::Definition order_saga(const SagaTimes& times);

// What the saga does to the order's own row and leaves in the outbox, as Saga::React. Thread-safe.
class OrderReaction {
 public:
  // `service` names the events' source. The rest is lent.
  OrderReaction(const base::Clock& clock, base::Random& random, std::string service,
                const chassis::EventSchemas& schemas, chassis::saga::Definition definition)
      : clock_(&clock),
        random_(&random),
        service_(std::move(service)),
        schemas_(&schemas),
        definition_(std::move(definition)) {}

  base::Result<void> operator()(chassis::db::Transaction& tx, const chassis::CallContext& context,
                                const chassis::saga::Transition& transition) const;

 private:
  const base::Clock* clock_;
  base::Random* random_;
  std::string service_;
  const chassis::EventSchemas* schemas_;
  chassis::saga::Definition definition_;
};

}  // namespace order_service::adapters
