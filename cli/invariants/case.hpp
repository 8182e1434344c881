#pragma once
// The facts of one judgement, found by what invariants ask for. Lent to the invariants; keeps references into the
// facts, which must outlive it.

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cli/invariants/judge.hpp"

namespace invariants {

inline bool is_over(const Order& order) { return order.status == "confirmed" || order.status == "cancelled"; }

// What the provider has of one order, over all its payments.
struct Charged {
  std::size_t charges = 0;
  std::size_t refunds = 0;
  std::map<std::string, std::int64_t> net;  // by currency; charges less refunds
};

class Case {
 public:
  Case(const Facts& facts, const Scope& scope, const Bounds& bounds);

  const Facts& facts() const { return facts_; }
  const Scope& scope() const { return scope_; }
  const Bounds& bounds() const { return bounds_; }
  // Those that the scope means.
  const std::vector<const Order*>& orders() const { return chosen_; }
  // Whatever the scope is; nullptr: there is none.
  const Order* order(const std::string& id) const;
  // There is such an order, or a client was told that there is.
  bool is_known(const std::string& order) const;
  // There is none, though only an order leads to what others hold for it: a client was told of it, or it is known which
  // ids provider states of contracts made up, and this is none of them.
  bool is_leak(const std::string& order) const;
  std::vector<const Payment*> payments_of(const std::string& order) const;
  // The order that the payment of this id is for; empty: there is no such payment.
  std::string order_of_payment(const std::string& payment) const;
  Charged charged(const std::string& order) const;
  const Reservation* reservation_of(const std::string& order) const;
  std::vector<const Mail*> mails_of(const std::string& order) const;
  // Different events of this type; a repetition under the same id is none.
  std::size_t events_of(const std::string& order, const std::string& type) const;
  // Of all orders.
  const std::set<std::string>& event_types() const { return event_types_; }
  const Saga* saga_of(const std::string& order) const;

 private:
  template <class T>
  using ByOrder = std::unordered_map<std::string, std::vector<const T*>>;

  const Facts& facts_;
  const Scope& scope_;
  const Bounds& bounds_;
  std::vector<const Order*> chosen_;
  std::unordered_map<std::string, const Order*> orders_;
  ByOrder<Payment> payments_;
  std::unordered_map<std::string, std::string> order_of_payment_;
  std::unordered_map<std::string, Charged> charged_;
  std::unordered_map<std::string, const Reservation*> reservations_;
  ByOrder<Mail> mails_;
  std::unordered_map<std::string, std::unordered_set<std::string>> events_;  // "ORDER TYPE" to ids
  std::set<std::string> event_types_;
  std::unordered_set<std::string> told_;    // orders that were said to be placed
  std::unordered_set<std::string> staged_;  // ids that provider states made up
  std::unordered_map<std::string, const Saga*> sagas_;
};

// The invariants, by what they are about; the table in judge.cpp has them in order.
// clang-format off
namespace orders {
Finding acknowledged(const Case& facts);
Finding one_end(const Case& facts);
Finding one_payment(const Case& facts);
Finding one_charge(const Case& facts);
Finding confirmed_is_charged(const Case& facts);
Finding confirmed_is_reserved(const Case& facts);
Finding cancelled_is_not_charged(const Case& facts);
Finding cancelled_is_not_reserved(const Case& facts);
Finding one_mail(const Case& facts);
Finding events_once(const Case& facts);
}
namespace sums {
Finding money(const Case& facts);
Finding stock(const Case& facts);
Finding stock_is_held(const Case& facts);
}
namespace machinery {
Finding outbox_age(const Case& facts);
Finding sagas(const Case& facts);
Finding nothing_parked(const Case& facts);
}
// clang-format on

}  // namespace invariants
