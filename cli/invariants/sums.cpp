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

std::string counters_text(std::int64_t available, std::int64_t reserved, std::int64_t received) {
  return std::to_string(available) + " available, " + std::to_string(reserved) + " reserved, " +
         std::to_string(received) + " received";
}

// What its events come to.
void look_at_history(Sheet& sheet, const Stock& stock) {
  Stock sum;
  sum.version = 0;
  for (const auto& event : *stock.history) {
    if (event.version != sum.version + 1) break;
    const bool is_receipt = event.type == "stock_received";
    const bool is_held = event.type == "stock_reserved";
    sum.received += is_receipt ? event.quantity : 0;
    sum.reserved += is_receipt ? 0 : (is_held ? event.quantity : -event.quantity);
    sum.available += is_held ? -event.quantity : event.quantity;
    ++sum.version;
  }
  if (sum.version != stock.version) {
    return sheet.breach(stock.sku, "events 1 to " + std::to_string(stock.version) + " of its stock",
                        "no event " + std::to_string(sum.version + 1));
  }
  const auto said = counters_text(sum.available, sum.reserved, sum.received);
  const auto got = counters_text(stock.available, stock.reserved, stock.received);
  if (said != got) sheet.breach(stock.sku, said + ", as its events say", got);
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
    if (adds_up && one.available >= 0 && one.reserved >= 0) {
      if (one.history) look_at_history(sheet, one);
      continue;
    }
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
    if (one.status != "reserved") continue;
    const bool is_leak = facts.is_leak(one.order_id);
    if (is_leak) sheet.breach(one.order_id, "an order", "its reservation alone");
    if (is_leak || (order != nullptr && !is_under_way)) continue;
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
