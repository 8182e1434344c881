#pragma once
// What becomes of an order after it was placed, asked of the services that take part, at the gateway as any client
// would.

#include <optional>
#include <string>
#include <string_view>

#include "cli/verify/world.hpp"

namespace verify {

// Why orders are not paid and reserved in this cluster; nullopt when they are.
std::optional<std::string> why_no_flow(const spec::Cluster& cluster);

// The object at this path. Errors: internal, when the answer is not 200.
base::Result<base::Json> read_object(World& world, const std::string& path);

// Until the order is in this state; gives it as it is then. Errors: timeout with its state and reason, those of World.
base::Result<base::Json> await_order(World& world, const std::string& order_id, const std::string& status, Ms patience);

// Errors: invalid, when the order has none or more than one.
base::Result<base::Json> payment_of(World& world, const std::string& order_id);
// Until it is in this state. Errors: timeout with its state, those of payment_of().
base::Result<base::Json> await_payment(World& world, const std::string& order_id, const std::string& status,
                                       Ms patience);

}  // namespace verify
