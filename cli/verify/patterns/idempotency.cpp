// Pattern 7. The same key gets the same answer and makes one order, one after the other and many at once; the key of
// another request and a request without a key are refused.

#include <mutex>
#include <set>
#include <thread>

#include "cli/verify/patterns/patterns.hpp"
#include "cli/verify/sample.hpp"
#include "cli/verify/services.hpp"

namespace verify::idempotency {
namespace {

using base::http::Response;

constexpr Ms timeout{5000};
constexpr int at_once = 20;

base::Error wrong(const std::string& what) { return base::fail(base::ErrorCode::invalid, what); }

class Orders {
 public:
  Orders(World& world, std::string user) : world_(world), user_(std::move(user)) {}

  base::Result<Response> place(const std::string& key, int quantity = 1) const {
    auto request = post(newer_orders_path, sample_order(user_, quantity));
    if (!key.empty()) request.headers.set("Idempotency-Key", key);
    return world_.http(edge_port(world_.cluster()), std::move(request), timeout);
  }

  // How many orders the user has.
  base::Result<std::size_t> count() const {
    const std::string target = std::string(newer_orders_path) + "?page_size=100&user_id=" + user_;
    TRY(const auto response, world_.http(edge_port(world_.cluster()), get(target), timeout));
    TRY(const auto page, body_of(response, "the list of orders"));
    const auto orders = page.find("orders");
    if (orders == page.end()) return wrong("the list of orders has no orders: " + text_of(page, "detail"));
    return orders->size();
  }

 private:
  World& world_;
  const std::string user_;
};

base::Result<std::string> id_of(const Response& response) {
  TRY(const auto order, body_of(response, "an order"));
  if (response.status == 201 && !text_of(order, "id").empty()) return text_of(order, "id");
  return wrong("an order with a key got " + std::to_string(response.status) + " " + text_of(order, "detail"));
}

base::Result<void> expect(const Response& response, int status, const std::string& what) {
  if (response.status == status) return base::success();
  return wrong(what + " got " + std::to_string(response.status) + ", not " + std::to_string(status));
}

base::Result<void> expect_count(const Orders& orders, std::size_t expected, const std::string& what) {
  TRY(const auto count, orders.count());
  if (count == expected) return base::success();
  return wrong(what + " left " + std::to_string(count) + " orders, not " + std::to_string(expected));
}

// The ids that came back, each once. Errors: an answer that is neither an order nor "still being worked on".
base::Result<std::set<std::string>> place_at_once(const Orders& orders, const std::string& key) {
  std::mutex mutex;
  std::set<std::string> ids;
  std::string failure;
  const auto one = [&] {
    const auto response = orders.place(key);
    const std::lock_guard lock(mutex);
    if (!response) {
      failure = response.error().message;
    } else if (response.value().status != 409) {
      const auto id = id_of(response.value());
      if (id) ids.insert(id.value());
      if (!id) failure = id.error().message;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < at_once; ++i) threads.emplace_back(one);
  for (auto& thread : threads) thread.join();
  if (!failure.empty()) return wrong("of " + std::to_string(at_once) + " orders at once with one key, " + failure);
  return ids;
}

}  // namespace

base::Result<Finding> look(World& world) {
  if (const auto why = why_no_orders(world.cluster())) return absent(*why);
  if (routed(world.cluster(), newer_orders_path) == nullptr) {
    return absent("No service of this cluster has the route " + std::string(newer_orders_path) + ".");
  }
  TRY(const auto user, sign_up(world));
  const Orders orders(world, user);
  const auto key = mark(world);

  TRY(const auto without, orders.place(""));
  TRY(expect(without, 400, "an order without a key"));
  TRY(const auto first, orders.place(key));
  TRY(const auto id, id_of(first));
  TRY(const auto again, orders.place("\"" + key + "\""));
  if (again.status != first.status || again.body != first.body) {
    return failed("The same key got another answer the second time: " + std::to_string(again.status) + " instead of " +
                  std::to_string(first.status) + " with order " + id + ".");
  }
  TRY(const auto other, orders.place(key, 2));
  TRY(expect(other, 422, "another order under the same key"));
  TRY(expect_count(orders, 1, "the same key twice"));

  TRY(const auto ids, place_at_once(orders, mark(world)));
  if (ids.size() != 1) {
    return failed(std::to_string(at_once) + " orders at once with one key made " + std::to_string(ids.size()) +
                  " orders.");
  }
  TRY(expect_count(orders, 2, "the same key " + std::to_string(at_once) + " times at once"));
  return passed("The same Idempotency-Key twice got the same answer, order " + id + "; " + std::to_string(at_once) +
                " at once with one key made one order. Another order under a used key got 422, one without a key 400.");
}

}  // namespace verify::idempotency
