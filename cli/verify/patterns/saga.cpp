// The saga. An order goes through payment and stock to its confirmation; one whose stock is sold out after it was paid
// gets its money back and is cancelled. What the services say and what the saga says of itself are the same.

#include <algorithm>

#include "cli/verify/events.hpp"
#include "cli/verify/flow.hpp"
#include "cli/verify/patterns/patterns.hpp"
#include "cli/verify/sample.hpp"
#include "cli/verify/services.hpp"

namespace verify::saga {
namespace {

using base::Json;

constexpr Ms patience{10'000};
constexpr const char* sold_out_sku = "SOLD-OUT";

base::Error wrong(const std::string& what) { return base::fail(base::ErrorCode::invalid, what); }

// As `msctl saga show` tells it.
base::Result<Json> saga_of(World& world, const std::string& order_id) {
  Ask ask;
  ask.argv = {world.msctl(), "saga", "show", order_id, "--output", "json"};
  TRY(const auto output, world.run(ask));
  if (output.exit_code != 0) return wrong("msctl saga show: " + output.err.substr(0, output.err.find('\n')));
  return base::parse_json(output.out);
}

// "payment compensated, stock refused"
std::string steps_text(const Json& saga) {
  std::string text;
  for (const auto& step : saga.value("steps", Json::array())) {
    text += (text.empty() ? "" : ", ") + text_of(step, "name") + " " + text_of(step, "state");
  }
  return text;
}

// Until the saga is over as it should be: its row and the order's change in one transaction.
base::Result<std::string> expect_saga(World& world, const std::string& order_id, const std::string& state,
                                      const std::string& steps) {
  TRY(const auto saga, saga_of(world, order_id));
  const auto seen = text_of(saga, "state") + ": " + steps_text(saga);
  const auto expected = state + ": " + steps;
  if (seen == expected) return seen;
  return wrong("the saga of order " + order_id + " is \"" + seen + "\", not \"" + expected + "\"");
}

base::Result<void> expect_payment(World& world, const std::string& order_id, const std::string& status) {
  TRY(const auto payment, payment_of(world, order_id));
  if (text_of(payment, "status") == status) return base::success();
  return wrong("the payment of order " + order_id + " is " + text_of(payment, "status") + ", not " + status);
}

base::Result<Placed> placed(World& world, const Json& order) {
  TRY(auto one, place(world, order));
  if (one.status != 201) return wrong("an order got " + std::to_string(one.status) + " instead of 201");
  return one;
}

base::Result<std::string> confirmed(World& world, const std::string& user) {
  const auto began = world.clock().monotonic();
  TRY(const auto order, placed(world, sample_order(user)));
  TRY(await_order(world, order.order_id, "confirmed", patience));
  const auto took = ms_since(world, began);
  TRY(expect_payment(world, order.order_id, "authorized"));
  TRY(const auto reservation, read_object(world, "/api/v1/reservations/" + order.order_id));
  if (text_of(reservation, "status") != "reserved") {
    return wrong("the stock of order " + order.order_id + ", which is confirmed, is " + text_of(reservation, "status"));
  }
  TRY(const auto seen, expect_saga(world, order.order_id, "completed", "payment done, stock done"));
  return "Order " + order.order_id + " was paid, its stock reserved and it was confirmed within " +
         std::to_string(took) + " ms (" + seen + ").";
}

// The types of what order-service said of the order, in order.
base::Result<std::vector<std::string>> told(World& world, const std::string& order_id, base::Wall from) {
  TRY(const auto events, events_since(world, order_service(world.cluster()).name, from));
  std::vector<std::string> types;
  for (const auto& one : about(events, order_id)) types.push_back(text_of(one.event, "type"));
  return types;
}

base::Result<std::string> sold_out(World& world, const std::string& user, std::int64_t price) {
  const auto from = world.clock().wall() - std::chrono::seconds(1);
  const auto began = world.clock().monotonic();
  TRY(const auto order, placed(world, order_of(user, sold_out_sku, price)));
  TRY(const auto ended, await_order(world, order.order_id, "cancelled", patience));
  const auto took = ms_since(world, began);
  if (text_of(ended, "reason") != "sold_out") {
    return wrong("order " + order.order_id + " of what is sold out is cancelled because of " +
                 text_of(ended, "reason"));
  }
  TRY(expect_payment(world, order.order_id, "refunded"));
  TRY(const auto seen, expect_saga(world, order.order_id, "compensated", "payment compensated, stock refused"));
  std::vector<std::string> types;
  TRY(wait_until(
      world, patience,
      [&] {
        const auto read = told(world, order.order_id, from);
        if (read) types = read.value();
        return std::find(types.begin(), types.end(), "order.cancelled") != types.end();
      },
      Ms(20)));
  const std::vector<std::string> expected{"order.placed", "order.paid", "order.refund_requested", "order.cancelled"};
  if (types != expected) return wrong("of order " + order.order_id + " was told: " + in_words(types));
  return "Order " + order.order_id +
         " was paid, its stock was sold out, its payment was refunded and it was cancelled "
         "within " +
         std::to_string(took) + " ms (" + seen + "); of it was told " + in_words(types) + ".";
}

}  // namespace

base::Result<Finding> look(World& world) {
  if (!world.has_verb("saga")) return absent("This msctl has no `saga`.");
  if (const auto why = why_no_flow(world.cluster())) return absent(*why);
  const auto sku = read_object(world, std::string("/api/v1/skus/") + sold_out_sku);
  if (!sku) return skipped("There is no SKU " + std::string(sold_out_sku) + " to order: " + sku.error().message + ".");
  if (sku.value().value("available", 1) != 0) return skipped(std::string(sold_out_sku) + " is in stock here.");
  TRY(const auto user, sign_up(world));
  TRY(const auto first, confirmed(world, user));
  TRY(const auto second, sold_out(world, user, sku.value().value("price_cents", std::int64_t{0})));
  return passed(first + " " + second);
}

}  // namespace verify::saga
