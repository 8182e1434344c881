#pragma once
// What order-service needs of an event that answers it, for the contracts with those who publish such events.

#include <string>

#include "services/chassis/contract/contract.hpp"
#include "services/order/tests/shop.hpp"

namespace order_service {

constexpr const char* some_order = "01890a5d-ac96-774b-bcce-b302099a8058";

// The whole event as it is published; `data` needs no order_id.
inline chassis::contract::Value answer_event(const std::string& service, const std::string& type,
                                             std::vector<std::pair<std::string, chassis::contract::Value>> data) {
  using namespace chassis::contract;
  data.insert(data.begin(), {"order_id", uuid(some_order)});
  return object({{"specversion", "1.0"},
                 {"id", uuid("01890a5d-ac96-774b-bcce-b302099a8059")},
                 {"source", "/" + service},
                 {"type", type},
                 {"subject", uuid(some_order)},
                 {"data", object(data)}});
}

// The example as it comes for an order of this shop.
inline void deliver(Shop& shop, chassis::contract::Contract& contract, const std::string& service,
                    const std::string& type, const std::string& order_id) {
  auto body = contract.event("a " + type + " event").body;
  for (auto at = body.find(some_order); at != std::string::npos; at = body.find(some_order)) {
    body.replace(at, std::string(some_order).size(), order_id);
  }
  shop.deliver(service, type, "e-1", body);
  shop.advance(std::chrono::milliseconds(500));
}

}  // namespace order_service
