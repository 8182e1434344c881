// What must hold for each order.

#include <algorithm>
#include <array>

#include "cli/invariants/case.hpp"
#include "cli/invariants/sheet.hpp"

namespace invariants::orders {
namespace {

std::string event_of(const Order& order) { return "order." + order.status; }

std::string other_end(const Order& order) {
  return order.status == "confirmed" ? "order.cancelled" : "order.confirmed";
}

// What is sent again until it is answered, each time as a new event (ADR 0024).
bool may_be_repeated(const std::string& type) { return type.ends_with("_requested"); }

// "1250 EUR, 30 USD"; "nothing". Currencies in which it comes to nothing are left out.
std::string net_text(const std::map<std::string, std::int64_t>& net) {
  std::string text;
  for (const auto& [currency, amount] : net) {
    if (amount != 0) text += (text.empty() ? "" : ", ") + money_text(amount, currency);
  }
  return text.empty() ? "nothing" : text;
}

std::int64_t net_count(const Charged& charged) {
  return static_cast<std::int64_t>(charged.charges) - static_cast<std::int64_t>(charged.refunds);
}

// Whether money was taken for it, or may be.
bool stands(const Payment& payment) {
  static constexpr std::array nothing_taken{"declined", "refunded", "voided"};
  return std::find(nothing_taken.begin(), nothing_taken.end(), payment.status) == nothing_taken.end();
}

// In which states the payment of an order may be when the order is over.
bool fits(const Payment& payment, const Order& order) {
  if (order.status == "confirmed") return payment.status == "authorized";
  return order.status != "cancelled" || !stands(payment);
}

// What a refund leaves that overtook its order (ADR 0024): it knows no amount, and keeps the order from being charged.
bool is_mark(const Payment& payment, const Order& order) {
  return payment.status == "voided" && payment.amount == 0 && payment.currency.empty() && order.status == "cancelled";
}

// A status under which no payment may stand is told as such, whatever the amount is.
void look_at_payment(Sheet& sheet, const Order& order, const Payment& payment) {
  if (is_mark(payment, order)) return;
  // Of another amount, it may be what the order was cancelled for.
  if (order.status == "cancelled" && !stands(payment)) return;
  if (payment.amount != order.total || payment.currency != order.currency) {
    return sheet.breach(order.id, "a payment of " + money_text(order.total, order.currency),
                        money_text(payment.amount, payment.currency));
  }
  if (fits(payment, order)) return;
  const bool confirmed = order.status == "confirmed";
  sheet.breach(order.id, confirmed ? "a payment that is authorized" : "a payment that is declined, refunded or voided",
               payment.status + " of an order that is " + order.status);
}

void look_at_mail(Sheet& sheet, const Order& order, const Mail& mail) {
  if (mail.event != event_of(order)) {
    sheet.breach(order.id, "a mail of " + event_of(order), "one of " + mail.event);
  } else if (!mail.user_id.empty() && !order.user_id.empty() && mail.user_id != order.user_id) {
    sheet.breach(order.id, "a mail to its user " + order.user_id, "one to " + mail.user_id);
  } else if (!mail.has_body) {
    sheet.breach(order.id, "a mail with a text", "an empty one");
  }
}

// Of chosen orders, and of those that are not there.
bool is_meant(const Case& facts, const Event& event) {
  const auto& scope = facts.scope();
  return (scope.orders.empty() || scope.orders.contains(event.order_id)) && event.time >= scope.since;
}

}  // namespace

Finding acknowledged(const Case& facts) {
  Sheet sheet(facts.facts().orders);
  if (!sheet.is_open()) return sheet.done();
  const auto& named = facts.scope().orders;
  sheet.looked(named.size());
  for (const auto& id : named) {
    if (facts.order(id) == nullptr) sheet.breach(id, "an order", "none, though it was acknowledged");
  }
  for (const auto& event : facts.facts().events.rows) {
    const bool is_placed = event.type == placed_event && !event.is_staged;
    if (!is_placed || named.contains(event.order_id) || !is_meant(facts, event)) continue;
    sheet.looked();
    if (facts.order(event.order_id) == nullptr) sheet.breach(event.order_id, "an order", "its event alone");
  }
  return sheet.done();
}

Finding one_end(const Case& facts) {
  Sheet sheet(facts.facts().orders);
  for (const auto* order : facts.orders()) {
    sheet.looked();
    if (!is_over(*order)) {
      sheet.breach(order->id, "confirmed or cancelled", order->status);
    } else if (facts.events_of(order->id, other_end(*order)) > 0) {
      sheet.breach(order->id, "one end", order->status + ", and the event " + other_end(*order));
    }
  }
  return sheet.done();
}

Finding one_payment(const Case& facts) {
  Sheet sheet(facts.facts().orders, facts.facts().payments);
  if (!sheet.is_open()) return sheet.done();
  for (const auto* order : facts.orders()) {
    const auto payments = facts.payments_of(order->id);
    sheet.looked();
    if (order->items_cost && *order->items_cost != order->total) {
      sheet.breach(order->id, "a total of " + money_text(*order->items_cost, order->currency) + ", as its items cost",
                   money_text(order->total, order->currency));
    } else if (payments.size() != 1) {
      sheet.breach(order->id, "1 payment", count_text(payments.size(), "payment"));
    } else {
      look_at_payment(sheet, *order, *payments.front());
    }
  }
  if (!facts.scope().is_all()) return sheet.done();
  for (const auto& payment : facts.facts().payments.rows) {
    const bool is_gone = facts.order(payment.order_id) == nullptr && facts.is_known(payment.order_id);
    if (is_gone) sheet.breach(payment.order_id, "an order", "its payment alone");
  }
  return sheet.done();
}

Finding one_charge(const Case& facts) {
  Sheet sheet(facts.facts().orders, facts.facts().payments, facts.facts().bookings);
  if (!sheet.is_open()) return sheet.done();
  for (const auto* order : facts.orders()) {
    const auto charged = facts.charged(order->id);
    sheet.looked();
    if (net_count(charged) > 1) {
      sheet.breach(order->id, "at most 1 charge",
                   count_text(charged.charges, "charge") + ", " + count_text(charged.refunds, "refund"));
    }
  }
  return sheet.done();
}

Finding confirmed_is_charged(const Case& facts) {
  Sheet sheet(facts.facts().orders, facts.facts().payments, facts.facts().bookings);
  if (!sheet.is_open()) return sheet.done();
  for (const auto* order : facts.orders()) {
    if (order->status != "confirmed") continue;
    const auto charged = facts.charged(order->id);
    sheet.looked();
    if (net_count(charged) > 1) continue;  // one_charge tells
    const auto expected = net_text({{order->currency, order->total}});
    if (net_text(charged.net) != expected) sheet.breach(order->id, expected + " charged", net_text(charged.net));
  }
  return sheet.done();
}

Finding confirmed_is_reserved(const Case& facts) {
  Sheet sheet(facts.facts().orders, facts.facts().reservations);
  if (!sheet.is_open()) return sheet.done();
  for (const auto* order : facts.orders()) {
    if (order->status != "confirmed") continue;
    sheet.looked();
    const auto* const reservation = facts.reservation_of(order->id);
    const bool is_held = reservation != nullptr && reservation->status == "reserved";
    if (is_held && reservation->items == order->items) continue;
    const std::string got =
        reservation == nullptr ? "no reservation" : reservation->status + ": " + items_text(reservation->items);
    sheet.breach(order->id, "reserved: " + items_text(order->items), got);
  }
  return sheet.done();
}

Finding cancelled_is_not_charged(const Case& facts) {
  Sheet sheet(facts.facts().orders, facts.facts().payments, facts.facts().bookings);
  if (!sheet.is_open()) return sheet.done();
  for (const auto* order : facts.orders()) {
    if (order->status != "cancelled") continue;
    const auto charged = facts.charged(order->id);
    sheet.looked();
    if (net_count(charged) > 1) continue;  // one_charge tells
    if (net_text(charged.net) != "nothing") sheet.breach(order->id, "nothing charged", net_text(charged.net));
  }
  return sheet.done();
}

Finding cancelled_is_not_reserved(const Case& facts) {
  Sheet sheet(facts.facts().orders, facts.facts().reservations);
  if (!sheet.is_open()) return sheet.done();
  for (const auto* order : facts.orders()) {
    if (order->status != "cancelled") continue;
    sheet.looked();
    const auto* const reservation = facts.reservation_of(order->id);
    if (reservation == nullptr || reservation->status != "reserved") continue;
    sheet.breach(order->id, "nothing reserved", items_text(reservation->items));
  }
  return sheet.done();
}

Finding one_mail(const Case& facts) {
  Sheet sheet(facts.facts().orders, facts.facts().mails);
  if (!sheet.is_open()) return sheet.done();
  for (const auto* order : facts.orders()) {
    const auto mails = facts.mails_of(order->id);
    const std::size_t expected = is_over(*order) ? 1 : 0;
    sheet.looked();
    if (mails.size() != expected) {
      sheet.breach(order->id, count_text(expected, "mail"), count_text(mails.size(), "mail"));
    } else if (expected == 1) {
      look_at_mail(sheet, *order, *mails.front());
    }
  }
  if (!facts.scope().is_all()) return sheet.done();
  for (const auto& mail : facts.facts().mails.rows) {
    if (facts.is_leak(mail.order_id)) sheet.breach(mail.order_id, "an order", "its mail alone");
  }
  return sheet.done();
}

Finding events_once(const Case& facts) {
  Sheet sheet(facts.facts().orders, facts.facts().events);
  if (!sheet.is_open()) return sheet.done();
  auto types = facts.event_types();
  types.insert({placed_event, "order.confirmed", "order.cancelled"});
  const bool may_be_gone = !facts.facts().has_all_events;
  for (const auto* order : facts.orders()) {
    sheet.looked();
    for (const auto& type : types) {
      const std::size_t count = facts.events_of(order->id, type);
      const bool must_be = type == placed_event || (is_over(*order) && type == event_of(*order));
      const bool is_wrong = count > 1 || (count == 0 && must_be && !may_be_gone);
      if (may_be_repeated(type) || !is_wrong) continue;
      sheet.breach(order->id, std::string(must_be ? "1 event " : "at most 1 event ") + type, std::to_string(count));
    }
  }
  return sheet.done();
}

}  // namespace invariants::orders
