#include "cli/verify/sample.hpp"

#include "base/ids.hpp"
#include "cli/verify/services.hpp"

namespace verify {
namespace {

constexpr const char* sku = "MSCTL-VERIFY";

}  // namespace

std::optional<std::string> why_no_orders(const spec::Cluster& cluster) {
  if (gateway_of(cluster) == nullptr) return "This cluster has no gateway (`gateway: true` with a port http).";
  for (const char* path : {users_path, orders_path}) {
    if (routed(cluster, path) == nullptr) {
      return "No service of this cluster has the route " + std::string(path) + ", so no order can be placed.";
    }
  }
  return std::nullopt;
}

const spec::Service& order_service(const spec::Cluster& cluster) { return *routed(cluster, orders_path); }
const spec::Service& user_service(const spec::Cluster& cluster) { return *routed(cluster, users_path); }
std::uint16_t edge_port(const spec::Cluster& cluster) { return port_of(*gateway_of(cluster)); }

std::string mark(World& world) { return "verify-" + base::random_hex(world.random(), 6); }

base::Json new_user(World& world) {
  return {{"email", mark(world) + "@checks.msctl.invalid"},
          {"name", "msctl verify"},
          {"password", base::random_hex(world.random(), 16)}};
}

base::Result<std::string> sign_up(World& world) {
  TRY(const auto response, world.http(edge_port(world.cluster()), post(users_path, new_user(world)), answer_timeout));
  TRY(const auto user, body_of(response, "a sign-up"));
  const std::string id = text_of(user, "id");
  if (response.status != 201 || id.empty()) {
    return base::fail(base::ErrorCode::internal,
                      "a sign-up got " + std::to_string(response.status) + " " + text_of(user, "detail"));
  }
  return id;
}

base::Json sample_order(const std::string& user_id, int quantity) {
  auto order = order_of(user_id, sku, 100);
  order["items"][0]["quantity"] = quantity;
  return order;
}

base::Json order_of(const std::string& user_id, const std::string& of_sku, std::int64_t unit_price_cents) {
  base::Json item{{"sku", of_sku}, {"quantity", 1}, {"unit_price_cents", unit_price_cents}};
  return {{"user_id", user_id}, {"currency", "EUR"}, {"items", base::Json::array({std::move(item)})}};
}

base::Result<Placed> place_order(World& world, const std::string& user_id) {
  return place(world, sample_order(user_id));
}

base::Result<Placed> place(World& world, const base::Json& body) {
  Placed placed;
  placed.request_id = mark(world);
  placed.trace_id = base::random_hex(world.random(), 16);
  auto request = post(orders_path, body);
  request.headers.set("X-Request-Id", placed.request_id);
  request.headers.set("traceparent", "00-" + placed.trace_id + "-" + base::random_hex(world.random(), 8) + "-01");
  const auto began = world.clock().monotonic();
  TRY(const auto response, world.http(edge_port(world.cluster()), request, answer_timeout));
  placed.took_ms = ms_since(world, began);
  placed.status = response.status;
  TRY(const auto order, body_of(response, "an order"));
  if (placed.status == 201) placed.order_id = text_of(order, "id");
  return placed;
}

}  // namespace verify
