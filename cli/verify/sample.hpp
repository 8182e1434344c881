#pragma once
// The one business act that checks carry out: a user signs up and places orders, at the gateway as any client would.
// The reference system has no way to delete either, so what checks leave is marked: users are called "msctl verify"
// with addresses at checks.msctl.invalid, orders are of the SKU MSCTL-VERIFY.

#include <optional>

#include "cli/verify/world.hpp"

namespace verify {

// Why no order can be placed in this cluster; nullopt when one can.
std::optional<std::string> why_no_orders(const spec::Cluster& cluster);
// The service behind /api/v1/orders; only when why_no_orders() has nothing to say.
const spec::Service& order_service(const spec::Cluster& cluster);
const spec::Service& user_service(const spec::Cluster& cluster);
std::uint16_t edge_port(const spec::Cluster& cluster);

inline constexpr const char* users_path = "/api/v1/users";
inline constexpr const char* orders_path = "/api/v1/orders";
inline constexpr const char* newer_orders_path = "/api/v2/orders";

// A body that signs somebody up; the address is new each time.
base::Json new_user(World& world);
// Signs up and gives the id. Errors: internal, when the answer is not 201.
base::Result<std::string> sign_up(World& world);

// The body of the order that checks place.
base::Json sample_order(const std::string& user_id, int quantity = 1);
// Of something else than the SKU of checks.
base::Json order_of(const std::string& user_id, const std::string& sku, std::int64_t unit_price_cents);

struct Placed {
  int status = 0;
  std::string order_id;  // empty unless it was placed
  std::string request_id;
  std::string trace_id;
  std::int64_t took_ms = 0;
};

// One order with a request id and a trace of its own. A refusal is no error.
base::Result<Placed> place_order(World& world, const std::string& user_id);
base::Result<Placed> place(World& world, const base::Json& order);

// A name for what a check makes, different each time: "verify-3f9a01b2c4d5".
std::string mark(World& world);

}  // namespace verify
