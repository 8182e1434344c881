#include "cli/verify/flow.hpp"

#include "cli/verify/sample.hpp"
#include "cli/verify/services.hpp"

namespace verify {
namespace {

using base::Json;

constexpr Ms between{20};
constexpr const char* payments_path = "/api/v1/payments";
constexpr const char* reservations_path = "/api/v1/reservations";

// Until what `read` gives is in this state.
base::Result<Json> await(World& world, const std::string& what, const std::string& status, Ms patience,
                         const std::function<base::Result<Json>()>& read) {
  Json last = Json::object();
  base::Result<void> problem = base::success();
  TRY(const bool came, wait_until(
                           world, patience,
                           [&] {
                             auto now = read();
                             problem = now ? base::Result<void>(base::success()) : now.error();
                             if (now) last = std::move(now).value();
                             return text_of(last, "status") == status;
                           },
                           between));
  if (came) return last;
  if (!problem) return problem.error();
  const auto reason = text_of(last, "reason");
  return base::fail(base::ErrorCode::timeout, what + " is " + text_of(last, "status") +
                                                  (reason.empty() ? "" : " (" + reason + ")") + ", not " + status +
                                                  ", after " + std::to_string(patience.count()) + " ms");
}

}  // namespace

std::optional<std::string> why_no_flow(const spec::Cluster& cluster) {
  if (auto why = why_no_orders(cluster)) return why;
  for (const char* path : {newer_orders_path, payments_path, reservations_path}) {
    if (routed(cluster, path) == nullptr) {
      return "No service of this cluster has the route " + std::string(path) + ", so orders are not paid and reserved.";
    }
  }
  return std::nullopt;
}

base::Result<Json> read_object(World& world, const std::string& path) {
  TRY(const auto response, world.http(edge_port(world.cluster()), get(path), answer_timeout));
  TRY(auto body, body_of(response, "GET " + path));
  if (response.status == 200) return body;
  return base::fail(base::ErrorCode::internal,
                    "GET " + path + " got " + std::to_string(response.status) + " " + text_of(body, "detail"));
}

base::Result<Json> await_order(World& world, const std::string& order_id, const std::string& status, Ms patience) {
  return await(world, "order " + order_id, status, patience,
               [&] { return read_object(world, newer_orders_path + ("/" + order_id)); });
}

base::Result<Json> payment_of(World& world, const std::string& order_id) {
  TRY(const auto page, read_object(world, payments_path + ("?order_id=" + order_id)));
  const auto payments = page.find("payments");
  const std::size_t count = payments != page.end() && payments->is_array() ? payments->size() : 0;
  if (count == 1) return payments->front();
  return base::fail(base::ErrorCode::invalid, "order " + order_id + " has " + std::to_string(count) + " payments");
}

base::Result<Json> await_payment(World& world, const std::string& order_id, const std::string& status, Ms patience) {
  return await(world, "the payment of order " + order_id, status, patience,
               [&] { return payment_of(world, order_id); });
}

}  // namespace verify
