// What must hold for that which moves orders along: outboxes, sagas, consumers.

#include "cli/invariants/case.hpp"
#include "cli/invariants/sheet.hpp"

namespace invariants::machinery {
namespace {

std::string seconds_text(double seconds) { return std::to_string(static_cast<std::int64_t>(seconds + 0.5)) + " s"; }

bool is_over(const Saga& saga) { return saga.state == "completed" || saga.state == "compensated"; }

std::string expected_of(const Order& order) { return order.status == "confirmed" ? "completed" : "compensated"; }

bool is_chosen(const Case& facts, const std::string& order) {
  const auto& scope = facts.scope();
  if (scope.is_all()) return true;
  const auto* const known = facts.order(order);
  return known != nullptr && (scope.orders.empty() || scope.orders.contains(order)) && known->created_at >= scope.since;
}

}  // namespace

Finding outbox_age(const Case& facts) {
  Sheet sheet(facts.facts().outboxes);
  for (const auto& one : facts.facts().outboxes.rows) {
    sheet.looked();
    if (one.oldest_age_s <= facts.bounds().outbox_age_s) continue;
    sheet.breach(one.service, "no event that waits longer than " + seconds_text(facts.bounds().outbox_age_s),
                 std::to_string(one.unsent) + ", the oldest for " + seconds_text(one.oldest_age_s));
  }
  return sheet.done();
}

Finding sagas(const Case& facts) {
  Sheet sheet(facts.facts().orders, facts.facts().sagas);
  if (!sheet.is_open()) return sheet.done();
  for (const auto* order : facts.orders()) {
    if (facts.saga_of(order->id) == nullptr) sheet.breach(order->id, "a saga", "none");
  }
  for (const auto& one : facts.facts().sagas.rows) {
    if (!is_chosen(facts, one.id)) continue;
    sheet.looked();
    const auto* const order = facts.order(one.id);
    if (order == nullptr) {
      sheet.breach(one.id, "an order", "its saga alone");
    } else if (invariants::is_over(*order) && one.state != expected_of(*order)) {
      sheet.breach(one.id, expected_of(*order) + ", as the order is " + order->status, one.state);
    } else if (!is_over(one) && one.idle_s > facts.bounds().saga_idle_s) {
      sheet.breach(one.id, "to move within " + seconds_text(facts.bounds().saga_idle_s),
                   one.state + " at " + one.step + " for " + seconds_text(one.idle_s));
    }
  }
  return sheet.done();
}

Finding nothing_parked(const Case& facts) {
  Sheet sheet(facts.facts().parked);
  for (const auto& one : facts.facts().parked.rows) {
    if (!is_chosen(facts, one.order_id)) continue;
    sheet.breach(one.order_id.empty() ? one.service : one.order_id, "no " + one.kind + " event",
                 one.type + " " + one.kind + " by " + one.service + ": " + one.reason);
  }
  sheet.looked(facts.facts().parked.rows.size());
  if (!facts.scope().is_all()) return sheet.done();
  for (const auto& one : facts.facts().outboxes.rows) {
    if (one.parked > 0) {
      sheet.breach(one.service, "no parked event",
                   std::to_string(one.parked) + " in the outbox, refused by the broker");
    }
  }
  return sheet.done();
}

}  // namespace invariants::machinery
