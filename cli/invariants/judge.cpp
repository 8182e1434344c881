#include "cli/invariants/judge.hpp"

#include <array>

#include "cli/invariants/case.hpp"
#include "cli/invariants/sheet.hpp"

namespace invariants {
namespace {

constexpr std::array table{
    Invariant{"acknowledged", "each order that was acknowledged, or told of, is there", orders::acknowledged},
    Invariant{"one-end", "each order is confirmed or cancelled, and never both", orders::one_end},
    Invariant{"one-payment", "each order has one payment, of its total and in the state that fits",
              orders::one_payment},
    Invariant{"one-charge", "the provider has at most one charge for each order", orders::one_charge},
    Invariant{"confirmed-charged", "a confirmed order is charged exactly its total", orders::confirmed_is_charged},
    Invariant{"confirmed-reserved", "a confirmed order holds exactly its items", orders::confirmed_is_reserved},
    Invariant{"cancelled-not-charged", "a cancelled order is charged nothing", orders::cancelled_is_not_charged},
    Invariant{"cancelled-not-reserved", "a cancelled order holds nothing", orders::cancelled_is_not_reserved},
    Invariant{"one-mail", "the user is told once how each order ended", orders::one_mail},
    Invariant{"events-once", "each order is told of once in each of its states", orders::events_once},
    Invariant{"money", "what the provider took is what confirmed orders cost", sums::money},
    Invariant{"stock", "of each SKU, available and reserved are what was received", sums::stock},
    Invariant{"stock-held", "of each SKU, what is reserved is what orders hold", sums::stock_is_held},
    Invariant{"outbox-age", "no event waits in an outbox beyond the bound", machinery::outbox_age},
    Invariant{"sagas", "each saga is where its order is, and none is stuck", machinery::sagas},
    Invariant{"nothing-parked", "no event is parked or quarantined", machinery::nothing_parked},
};

void add(std::vector<std::string>& into, std::size_t count, const std::string& noun, const std::string& what) {
  if (count > 0) into.push_back(count_text(count, noun) + " " + what);
}

}  // namespace

std::string_view name(Status status) {
  if (status == Status::ok) return "ok";
  return status == Status::broken ? "broken" : "skipped";
}

std::span<const Invariant> all_invariants() { return table; }

std::vector<Finding> judge(const Facts& facts, const Scope& scope, const Bounds& bounds) {
  const Case the_case(facts, scope, bounds);
  std::vector<Finding> findings;
  for (const auto& invariant : table) {
    findings.push_back(invariant.look(the_case));
    findings.back().invariant = invariant.name;
  }
  return findings;
}

std::vector<std::string> unsettled(const Facts& facts, const Scope& scope) {
  const Bounds bounds;
  const Case the_case(facts, scope, bounds);
  std::size_t under_way = 0;
  std::size_t pending = 0;
  std::size_t untold = 0;
  std::size_t moving = 0;
  std::size_t missing = 0;
  std::int64_t unsent = 0;
  for (const auto* order : the_case.orders()) {
    under_way += is_over(*order) ? 0 : 1;
    for (const auto* payment : the_case.payments_of(order->id)) pending += payment->status.ends_with("pending") ? 1 : 0;
    untold += facts.mails.is_there() && is_over(*order) && the_case.mails_of(order->id).empty() ? 1 : 0;
    const auto* const saga = the_case.saga_of(order->id);
    moving += saga != nullptr && (saga->state == "running" || saga->state == "compensating") ? 1 : 0;
  }
  for (const auto& id : scope.orders) missing += the_case.order(id) == nullptr ? 1 : 0;
  for (const auto& one : facts.outboxes.rows) unsent += one.unsent;
  std::vector<std::string> waits;
  add(waits, missing, "order", "not there");
  add(waits, under_way, "order", "under way");
  add(waits, pending, "payment", "pending");
  add(waits, untold, "order", "not told of");
  add(waits, moving, "saga", "under way");
  add(waits, static_cast<std::size_t>(unsent), "event", "unsent");
  return waits;
}

}  // namespace invariants
