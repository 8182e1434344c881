// What must hold over all orders: nothing comes from nowhere, and nothing goes there.

#include <map>

#include "cli/invariants/case.hpp"
#include "cli/invariants/sheet.hpp"

namespace invariants::sums {
namespace {

constexpr const char* needs_all = "It is a sum over all orders; it is looked at without --order and --since.";

// Bookings of orders that are under way are left out, since nobody knows yet what they come to, and those of payments
// for what is no order of ours. A booking without a payment counts.
std::map<std::string, std::int64_t> booked(const Case& facts) {
  std::map<std::string, std::int64_t> sum;
  for (const auto& booking : facts.facts().bookings.rows) {
    const auto id = facts.order_of_payment(booking.reference);
    const auto* const order = facts.order(id);
    if (order != nullptr && !is_over(*order)) continue;
    if (!id.empty() && !facts.is_known(id)) continue;
    sum[booking.currency] += booking.is_refund ? -booking.amount : booking.amount;
  }
  return sum;
}

}  // namespace

Finding money(const Case& facts) {
  Sheet sheet(facts.facts().orders, facts.facts().payments, facts.facts().bookings);
  if (!facts.scope().is_all()) sheet.skip(needs_all);
  if (!sheet.is_open()) return sheet.done();
  std::map<std::string, std::int64_t> owed;
  for (const auto& order : facts.facts().orders.rows) {
    if (order.status == "confirmed") owed[order.currency] += order.total;
  }
  auto taken = booked(facts);
  for (const auto& [currency, amount] : owed) taken.try_emplace(currency, 0);
  sheet.looked(facts.facts().bookings.rows.size());
  for (const auto& [currency, amount] : taken) {
    const auto expected = owed[currency];
    if (amount == expected) continue;
    sheet.breach(currency, money_text(expected, currency) + " for confirmed orders",
                 money_text(amount, currency) + " at the provider");
  }
  return sheet.done();
}

Finding stock(const Case& facts) {
  Sheet sheet(facts.facts().stocks);
  for (const auto& one : facts.facts().stocks.rows) {
    sheet.looked();
    const bool adds_up = one.available + one.reserved == one.received;
    if (adds_up && one.available >= 0 && one.reserved >= 0) continue;
    sheet.breach(one.sku, "available + reserved = " + std::to_string(one.received) + " received",
                 std::to_string(one.available) + " + " + std::to_string(one.reserved));
  }
  return sheet.done();
}

Finding stock_is_held(const Case& facts) {
  Sheet sheet(facts.facts().orders, facts.facts().stocks, facts.facts().reservations);
  if (!facts.scope().is_all()) sheet.skip(needs_all);
  if (!sheet.is_open()) return sheet.done();
  std::map<std::string, std::int64_t> held;
  for (const auto& order : facts.facts().orders.rows) {
    if (order.status != "confirmed") continue;
    for (const auto& [sku, quantity] : order.items) held[sku] += quantity;
  }
  for (const auto& one : facts.facts().reservations.rows) {
    const auto* const order = facts.order(one.order_id);
    const bool is_under_way = order != nullptr && !is_over(*order);
    if (one.status != "reserved" || (!is_under_way && facts.is_known(one.order_id))) continue;
    for (const auto& [sku, quantity] : one.items) held[sku] += quantity;
  }
  for (const auto& one : facts.facts().stocks.rows) {
    sheet.looked();
    if (one.reserved == held[one.sku]) continue;
    sheet.breach(one.sku, std::to_string(held[one.sku]) + " reserved, as orders hold", std::to_string(one.reserved));
  }
  return sheet.done();
}

}  // namespace invariants::sums
