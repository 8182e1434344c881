#pragma once
// Facts in which all holds, for tests to break: o1 was confirmed, o2 sold out after it was paid, o3 not paid for.

#include <string>

#include "cli/invariants/facts.hpp"

namespace invariants::testing {

inline Facts sample_facts() {
  Facts facts;
  facts.orders.rows = {{"o1", "confirmed", "EUR", 1250, {{"TEA-1", 1}}, "2026-11-27T10:00:00.000Z", "u1", 1250},
                       {"o2", "cancelled", "EUR", 900, {{"SOLD-OUT", 1}}, "2026-11-27T10:00:01.000Z", "u2", 900},
                       {"o3", "cancelled", "EUR", 700, {{"CUP-7", 7}}, "2026-11-27T10:00:02.000Z", "u2", 700}};
  facts.payments.rows = {{"p1", "o1", "authorized", "EUR", 1250},
                         {"p2", "o2", "refunded", "EUR", 900},
                         {"p3", "o3", "declined", "EUR", 700}};
  facts.bookings.rows = {{"p1", false, "EUR", 1250}, {"p2", false, "EUR", 900}, {"p2", true, "EUR", 900}};
  facts.reservations.rows = {{"o1", "reserved", {{"TEA-1", 1}}}, {"o2", "rejected", {}}};
  facts.stocks.rows = {{"CUP-7", 5, 0, 5}, {"SOLD-OUT", 0, 0, 0}, {"TEA-1", 9, 1, 10}};
  facts.stocks.rows[2].version = 4;
  facts.stocks.rows[2].history = {
      {1, "stock_received", 10}, {2, "stock_reserved", 1}, {3, "stock_reserved", 2}, {4, "stock_released", 2}};
  facts.mails.rows = {{"m1", "o1", "order.confirmed", "u1"},
                      {"m2", "o2", "order.cancelled", "u2"},
                      {"m3", "o3", "order.cancelled", "u2"}};
  const auto tell = [&](const std::string& order, const std::string& type, const std::string& time) {
    facts.events.rows.push_back({order + "-" + type, "order." + type, order, time});
  };
  for (const std::string order : {"o1", "o2", "o3"}) tell(order, "placed", "2026-11-27T10:00:03.000Z");
  for (const std::string order : {"o1", "o2"}) tell(order, "paid", "2026-11-27T10:00:04.000Z");
  tell("o2", "refund_requested", "2026-11-27T10:00:05.000Z");
  facts.events.rows.push_back({"again", "order.refund_requested", "o2", "2026-11-27T10:00:06.000Z"});
  tell("o1", "confirmed", "2026-11-27T10:00:07.000Z");
  facts.events.rows.push_back(facts.events.rows.back());  // delivered twice, the same event
  for (const std::string order : {"o2", "o3"}) tell(order, "cancelled", "2026-11-27T10:00:08.000Z");
  facts.knows_staged = true;
  facts.outboxes.rows = {{"order-service", 0, 0, 0}};
  facts.sagas.rows = {{"o1", "completed", "stock", 9'000},
                      {"o2", "compensated", "payment", 9'000},
                      {"o3", "compensated", "payment", 9'000}};
  return facts;
}

}  // namespace invariants::testing
