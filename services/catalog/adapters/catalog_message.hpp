#pragma once
// SKUs, their stock and reservations as others see them, in answers and in events. Pure.

#include "services/catalog/domain/reservation.hpp"
#include "services/catalog/domain/sku.hpp"
#include "services/catalog/proto/catalog.pb.h"

namespace catalog_service::adapters {

// `stock_received`, as it is stored and shown.
std::string_view name_of(domain::Change change);

catalog::v1::Sku to_message(const domain::Sku& sku);
catalog::v1::StockEvent to_message(const domain::RecordedEvent& recorded);
catalog::v1::Reservation to_message(const domain::Reservation& reservation);

// The data of stock.reserved, stock.rejected and stock.released.
catalog::v1::StockReserved to_reserved(const std::string& order_id, const domain::Answer& answer);
catalog::v1::StockRejected to_rejected(const std::string& order_id, const domain::Answer& answer);
catalog::v1::StockReleased to_released(const std::string& order_id, const domain::Answer& answer);

}  // namespace catalog_service::adapters
