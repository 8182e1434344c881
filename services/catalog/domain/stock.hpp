#pragma once
// The stock of one SKU as a sequence of events: what happened is kept, and what there is follows from it. The functions
// that decide say which event comes next; apply() alone changes the state, so that reading the events again leads to
// where deciding them led. Pure.

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace catalog_service::domain {

enum class Change : std::uint8_t { received, reserved, released };

struct StockEvent {
  Change change = Change::received;
  std::int64_t quantity = 0;  // at least 1
  std::string order_id = {};  // of a reservation and its release
  bool operator==(const StockEvent&) const = default;
};

// An event with its place in the sequence.
struct RecordedEvent {
  std::int64_t version = 0;
  StockEvent event;
  std::string at;  // RFC 3339
};

// What there is after `version` events: available + reserved is received, always.
struct Stock {
  std::int64_t version = 0;
  std::int64_t available = 0;  // what can be reserved
  std::int64_t reserved = 0;   // what orders hold
  std::int64_t received = 0;   // all that ever came in
  bool operator==(const Stock&) const = default;
};

// As much of one SKU as there may ever be; sums of such quantities fit into 64 bits.
inline constexpr std::int64_t max_stock = 1'000'000'000'000'000;

// The stock after one more event. Errors: internal for what cannot have happened, such as the release of more than was
// reserved.
base::Result<Stock> apply(const Stock& stock, const StockEvent& event);

// Errors: invalid when the quantity is below 1 or the SKU would have more than max_stock.
base::Result<StockEvent> receive(const Stock& stock, std::int64_t quantity);
// Nothing: there is not that much.
std::optional<StockEvent> reserve(const Stock& stock, std::int64_t quantity, const std::string& order_id);
// Of what reserve() set aside for the order.
StockEvent release(std::int64_t quantity, const std::string& order_id);

}  // namespace catalog_service::domain
