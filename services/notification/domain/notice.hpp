#pragma once
// What a user is to be told of an order, as the event says it. Pure.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace notification_service::domain {

struct Notice {
  std::string event;  // one of `events`
  std::string order_id;
  std::string user_id;
  std::string currency;          // ISO 4217
  std::int64_t total_minor = 0;  // in minor units of `currency`
  std::string language;          // BCP 47, as the user wished; may be one that nobody writes here
  std::string reason;            // why an order was cancelled; else empty
};

// What users are told of. Each has a template in the last language of fallbacks() at least.
inline constexpr std::array<std::string_view, 2> events{"order.confirmed", "order.cancelled"};

// Why orders are cancelled, as far as templates have words for it; there may be more.
inline constexpr std::array<std::string_view, 7> reasons{"payment_declined", "sold_out",      "unknown_sku",
                                                         "payment_timeout",  "stock_timeout", "cancelled_by_user",
                                                         "payment_mismatch"};

// Every rule that is broken, by field; empty when none is.
std::vector<base::FieldError> check(const Notice& notice);

}  // namespace notification_service::domain
