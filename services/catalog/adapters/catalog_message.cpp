#include "services/catalog/adapters/catalog_message.hpp"

namespace catalog_service::adapters {
namespace {

template <class Message>
void add_items(const std::vector<domain::Item>& items, Message& message) {
  for (const auto& item : items) {
    auto* added = message.add_items();
    added->set_sku(item.sku);
    added->set_quantity(item.quantity);
  }
}

}  // namespace

std::string_view name_of(domain::Change change) {
  switch (change) {
    case domain::Change::received:
      return "stock_received";
    case domain::Change::reserved:
      return "stock_reserved";
    case domain::Change::released:
      return "stock_released";
  }
  return {};
}

catalog::v1::Sku to_message(const domain::Sku& sku) {
  catalog::v1::Sku message;
  message.set_sku(sku.sku);
  message.set_title(sku.title);
  message.set_price_cents(sku.price_cents);
  message.set_currency(sku.currency);
  message.set_available(sku.stock.available);
  message.set_reserved(sku.stock.reserved);
  message.set_received(sku.stock.received);
  message.set_version(sku.stock.version);
  return message;
}

catalog::v1::StockEvent to_message(const domain::RecordedEvent& recorded) {
  catalog::v1::StockEvent message;
  message.set_version(recorded.version);
  message.set_type(std::string(name_of(recorded.event.change)));
  message.set_quantity(recorded.event.quantity);
  message.set_order_id(recorded.event.order_id);
  message.set_at(recorded.at);
  return message;
}

catalog::v1::Reservation to_message(const domain::Reservation& reservation) {
  catalog::v1::Reservation message;
  message.set_order_id(reservation.order_id);
  message.set_status(reservation.status);
  message.set_reason(reservation.reason);
  add_items(reservation.items, message);
  message.set_updated_at(reservation.updated_at);
  return message;
}

catalog::v1::StockReserved to_reserved(const std::string& order_id, const domain::Answer& answer) {
  catalog::v1::StockReserved message;
  message.set_order_id(order_id);
  add_items(answer.items, message);
  return message;
}

catalog::v1::StockRejected to_rejected(const std::string& order_id, const domain::Answer& answer) {
  catalog::v1::StockRejected message;
  message.set_order_id(order_id);
  message.set_reason(answer.reason);
  message.set_sku(answer.sku);
  return message;
}

catalog::v1::StockReleased to_released(const std::string& order_id, const domain::Answer& answer) {
  catalog::v1::StockReleased message;
  message.set_order_id(order_id);
  add_items(answer.items, message);
  return message;
}

}  // namespace catalog_service::adapters
