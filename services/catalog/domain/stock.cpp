#include "services/catalog/domain/stock.hpp"

namespace catalog_service::domain {

using base::ErrorCode;

namespace {

std::int64_t most(const Stock& stock, Change change) {
  switch (change) {
    case Change::received:
      return max_stock - stock.received;
    case Change::reserved:
      return stock.available;
    case Change::released:
      return stock.reserved;
  }
  return 0;
}

}  // namespace

base::Result<Stock> apply(const Stock& stock, const StockEvent& event) {
  Stock next = stock;
  ++next.version;
  const auto quantity = event.quantity;
  if (quantity < 1 || quantity > most(stock, event.change)) {
    return base::fail(ErrorCode::internal, "stock event " + std::to_string(next.version) + " with the quantity " +
                                               std::to_string(quantity) + " cannot have happened");
  }
  switch (event.change) {
    case Change::received:
      next.available += quantity;
      next.received += quantity;
      break;
    case Change::reserved:
      next.available -= quantity;
      next.reserved += quantity;
      break;
    case Change::released:
      next.available += quantity;
      next.reserved -= quantity;
      break;
  }
  return next;
}

base::Result<StockEvent> receive(const Stock& stock, std::int64_t quantity) {
  const auto limit = most(stock, Change::received);
  if (quantity >= 1 && quantity <= limit) return StockEvent{Change::received, quantity};
  base::Error error = base::fail(ErrorCode::invalid, "the quantity cannot be received");
  error.fields.push_back({"quantity", "must be from 1 to " + std::to_string(limit)});
  return error;
}

std::optional<StockEvent> reserve(const Stock& stock, std::int64_t quantity, const std::string& order_id) {
  if (quantity < 1 || quantity > stock.available) return std::nullopt;
  return StockEvent{Change::reserved, quantity, order_id};
}

StockEvent release(std::int64_t quantity, const std::string& order_id) {
  return {Change::released, quantity, order_id};
}

}  // namespace catalog_service::domain
