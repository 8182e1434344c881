// Pattern 9. Orders are acknowledged while the broker is stopped, their service is killed, the broker comes back: each
// order's event is in the stream exactly once, and an order that was refused left none. Where orders are paid and
// reserved, each is confirmed then.

#include <algorithm>

#include "base/ids.hpp"
#include "base/subjects.hpp"
#include "cli/verify/events.hpp"
#include "cli/verify/flow.hpp"
#include "cli/verify/patterns/patterns.hpp"
#include "cli/verify/sample.hpp"
#include "cli/verify/services.hpp"

namespace verify::outbox {
namespace {

constexpr int orders = 3;
constexpr const char* placed_event = "order.placed";
constexpr Ms state_patience{6000};
constexpr Ms event_patience{8000};
constexpr Ms end_patience{10'000};   // consumers try the broker again within some seconds
constexpr Ms repeats_patience{300};  // an event that comes twice comes the second time soon

struct Orders {
  std::vector<std::string> ids;
  std::int64_t slowest_ms = 0;
  std::string refused_user;
};

base::Result<Orders> place_all(World& world, const std::string& user) {
  Orders placed;
  for (int i = 0; i < orders; ++i) {
    TRY(const auto one, place_order(world, user));
    if (one.status != 201) {
      return base::fail(base::ErrorCode::invalid,
                        "an order got " + std::to_string(one.status) + " while the broker was stopped");
    }
    placed.ids.push_back(one.order_id);
    placed.slowest_ms = std::max(placed.slowest_ms, one.took_ms);
  }
  placed.refused_user = base::uuid_v7(world.clock(), world.random());
  TRY(const auto refused, place_order(world, placed.refused_user));
  if (refused.status != 422) {
    return base::fail(base::ErrorCode::invalid,
                      "an order of an unknown user got " + std::to_string(refused.status) + ", not 422");
  }
  return placed;
}

// And has the supervisor start it afresh, so that a crash that it did not cause counts for no back-off.
base::Result<std::string> kill_service(World& world, const spec::Service& service) {
  TRY(const auto instances, instances_of(world, service.name));
  for (const auto& one : instances) {
    if (!one.pid) continue;
    TRY(world.kill(*one.pid));
  }
  TRY(world.command(service.name, "restart", base::Json::object()));
  return service.name + " killed";
}

// That it was placed; what became of it is told by further events.
std::size_t placed_events(const std::vector<Stored>& events, const std::string& order) {
  const auto all = about(events, order);
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [](const auto& one) { return text_of(one.event, "type") == placed_event; }));
}

std::size_t with_event(const std::vector<Stored>& events, const std::vector<std::string>& ids) {
  return static_cast<std::size_t>(
      std::count_if(ids.begin(), ids.end(), [&](const auto& id) { return placed_events(events, id) > 0; }));
}

base::Result<void> exactly_once(const std::vector<Stored>& events, const Orders& placed) {
  for (const auto& id : placed.ids) {
    const auto count = placed_events(events, id);
    if (count == 1) continue;
    return base::fail(base::ErrorCode::invalid, "order " + id + " was acknowledged while the broker was stopped, and " +
                                                    "its event is in the stream " + std::to_string(count) + " times");
  }
  for (const auto& one : events) {
    if (base::dump_json(one.event).find(placed.refused_user) == std::string::npos) continue;
    return base::fail(base::ErrorCode::invalid, "an order that was refused left an event");
  }
  return base::success();
}

// Empty where nothing more becomes of an order.
base::Result<std::string> all_confirmed(World& world, const Orders& placed) {
  if (why_no_flow(world.cluster())) return std::string();
  for (const auto& id : placed.ids) {
    TRY(await_order(world, id, "confirmed", end_patience));
  }
  return std::string(" Each of them was paid, reserved and confirmed then.");
}

}  // namespace

base::Result<Finding> look(World& world) {
  const auto& cluster = world.cluster();
  if (const auto why = why_no_orders(cluster)) return absent(*why);
  const auto& service = order_service(cluster);
  if (cluster.broker.empty() || service.publishes.empty()) return absent(service.name + " publishes no events here.");
  const std::string& broker = cluster.broker;
  TRY(const auto user, sign_up(world));
  const auto from = world.clock().wall() - std::chrono::seconds(1);

  Undo started(world, [&] {
    static_cast<void>(world.command(broker, "start", base::Json::object()));
    static_cast<void>(await_state(world, service.name, "ready", state_patience));
  });
  TRY(world.command(broker, "stop", base::Json::object()));
  TRY(await_state(world, broker, "stopped", state_patience));
  TRY(const auto placed, place_all(world, user));
  TRY(const auto killed, kill_service(world, service));
  TRY(world.command(broker, "start", base::Json::object()));
  TRY(await_state(world, broker, "ready", state_patience));
  const auto back = world.clock().monotonic();
  std::vector<Stored> events;
  TRY(wait_until(
      world, event_patience,
      [&] {
        const auto read = events_since(world, service.name, from);
        if (read) events = read.value();
        return with_event(events, placed.ids) == placed.ids.size();
      },
      Ms(20)));
  const auto there_ms = ms_since(world, back);
  world.pause(repeats_patience);
  TRY(events, events_since(world, service.name, from));
  TRY(exactly_once(events, placed));
  TRY(await_state(world, service.name, "ready", state_patience));
  TRY(const auto confirmed, all_confirmed(world, placed));
  return passed(std::to_string(orders) + " orders placed while " + broker + " was stopped: 201, each within " +
                std::to_string(placed.slowest_ms) + " ms. Then " + killed + " and " + broker +
                " started: each order's event is in " + base::stream_name(service.name) + " exactly once, the last " +
                std::to_string(there_ms) + " ms after " + broker + " was back (order " + placed.ids.front() +
                " was the first); one that was refused left none." + confirmed);
}

}  // namespace verify::outbox
