#include "services/catalog/adapters/out/stored_event.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/json.hpp"
#include "services/catalog/adapters/catalog_message.hpp"

namespace catalog_service::adapters {
namespace {

using base::ErrorCode;
using base::Json;
using domain::Change;

// The form that is written:
//   2  {"quantity": 3}
//   1  {"qty": 3}, as the first goods were received
constexpr std::int64_t current_version = 2;

Json with_quantity(Json data) {
  if (const auto old = data.find("qty"); old != data.end()) {
    const Json quantity = *old;
    data.erase("qty");
    data["quantity"] = quantity;
  }
  return data;
}

// The step at n leads from version n + 1 to the one after it.
using Upcaster = Json (*)(Json);
constexpr std::array<Upcaster, current_version - 1> upcasters{with_quantity};

std::optional<Change> change_of(const std::string& type) {
  for (const auto change : {Change::received, Change::reserved, Change::released}) {
    if (name_of(change) == type) return change;
  }
  return std::nullopt;
}

base::Error unreadable(const StoredEvent& stored, const std::string& why, ErrorCode code = ErrorCode::internal) {
  return base::fail(
      code, "a stored event " + stored.type + " of version " + std::to_string(stored.schema_version) + " " + why);
}

}  // namespace

StoredEvent to_stored(const domain::StockEvent& event) {
  const Json data{{"quantity", event.quantity}};
  return {std::string(name_of(event.change)), current_version, base::dump_json(data), event.order_id};
}

base::Result<domain::StockEvent> from_stored(const StoredEvent& stored) {
  const auto change = change_of(stored.type);
  if (!change) return unreadable(stored, "is none that this program knows", ErrorCode::unavailable);
  if (stored.schema_version > current_version) {
    return unreadable(
        stored, "was written by a newer program; this one knows versions up to " + std::to_string(current_version),
        ErrorCode::unavailable);
  }
  auto data = base::parse_json(stored.data);
  if (stored.schema_version < 1 || !data || !data.value().is_object()) return unreadable(stored, "cannot be read");
  for (auto version = stored.schema_version; version < current_version; ++version) {
    data = upcasters.at(static_cast<std::size_t>(version - 1))(std::move(data).value());
  }
  const auto quantity = data.value().find("quantity");
  if (quantity == data.value().end() || !quantity->is_number_integer()) {
    return unreadable(stored, "has no whole number as its quantity");
  }
  return domain::StockEvent{*change, quantity->get<std::int64_t>(), stored.order_id};
}

}  // namespace catalog_service::adapters
