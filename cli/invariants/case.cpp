#include "cli/invariants/case.hpp"

namespace invariants {
namespace {

template <class Map>
auto rows_in(const Map& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? typename Map::mapped_type() : found->second;
}

template <class T>
const T* pointer_in(const std::unordered_map<std::string, const T*>& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : found->second;
}

}  // namespace

Case::Case(const Facts& facts, const Scope& scope, const Bounds& bounds)
    : facts_(facts), scope_(scope), bounds_(bounds) {
  for (const auto& order : facts.orders.rows) {
    orders_[order.id] = &order;
    const bool is_named = scope.orders.empty() || scope.orders.contains(order.id);
    if (is_named && order.created_at >= scope.since) chosen_.push_back(&order);
  }
  for (const auto& payment : facts.payments.rows) {
    payments_[payment.order_id].push_back(&payment);
    order_of_payment_[payment.id] = payment.order_id;
  }
  for (const auto& booking : facts.bookings.rows) {
    const auto order = order_of_payment(booking.reference);
    if (order.empty()) continue;
    auto& charged = charged_[order];
    (booking.is_refund ? charged.refunds : charged.charges) += 1;
    charged.net[booking.currency] += booking.is_refund ? -booking.amount : booking.amount;
  }
  for (const auto& one : facts.reservations.rows) reservations_[one.order_id] = &one;
  for (const auto& mail : facts.mails.rows) mails_[mail.order_id].push_back(&mail);
  for (const auto& event : facts.events.rows) {
    events_[event.order_id + " " + event.type].insert(event.id);
    event_types_.insert(event.type);
    if (event.is_staged) staged_.insert(event.order_id);
    if (event.type == placed_event && !event.is_staged) told_.insert(event.order_id);
  }
  staged_.insert(facts.staged.begin(), facts.staged.end());
  for (const auto& saga : facts.sagas.rows) sagas_[saga.id] = &saga;
}

const Order* Case::order(const std::string& id) const { return pointer_in(orders_, id); }

bool Case::is_known(const std::string& order) const { return orders_.contains(order) || told_.contains(order); }

bool Case::is_leak(const std::string& order) const {
  if (orders_.contains(order)) return false;
  return told_.contains(order) || (facts_.knows_staged && !staged_.contains(order));
}

std::vector<const Payment*> Case::payments_of(const std::string& order) const { return rows_in(payments_, order); }

std::string Case::order_of_payment(const std::string& payment) const { return rows_in(order_of_payment_, payment); }

Charged Case::charged(const std::string& order) const { return rows_in(charged_, order); }

const Reservation* Case::reservation_of(const std::string& order) const { return pointer_in(reservations_, order); }

std::vector<const Mail*> Case::mails_of(const std::string& order) const { return rows_in(mails_, order); }

std::size_t Case::events_of(const std::string& order, const std::string& type) const {
  const auto found = events_.find(order + " " + type);
  return found == events_.end() ? 0 : found->second.size();
}

const Saga* Case::saga_of(const std::string& order) const { return pointer_in(sagas_, order); }

}  // namespace invariants
