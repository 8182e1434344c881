#pragma once
// Events of the stock as rows: their form when they are written, and every form that they ever had. A row is never
// changed; a row of an older form is lifted to the present one, step by step, whenever it is read. Pure.

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "services/catalog/domain/stock.hpp"

namespace catalog_service::adapters {

struct StoredEvent {
  std::string type;                 // stock_received, stock_reserved, stock_released
  std::int64_t schema_version = 0;  // of `data`
  std::string data;                 // JSON
  std::string order_id;
};

StoredEvent to_stored(const domain::StockEvent& event);

// Errors: unavailable when a newer program wrote it: an instance of that program can read it; internal when nothing of
// ours did.
base::Result<domain::StockEvent> from_stored(const StoredEvent& stored);

}  // namespace catalog_service::adapters
