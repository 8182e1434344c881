// Pattern 6. The event of an order arrives at the broker as a CloudEvent with the trace of its request in the headers;
// a durable consumer that gives it back gets it again; the services that consume have read all that there is.

#include <algorithm>

#include "base/subjects.hpp"
#include "cli/verify/events.hpp"
#include "cli/verify/patterns/patterns.hpp"
#include "cli/verify/sample.hpp"
#include "cli/verify/services.hpp"

namespace verify::messaging {
namespace {

constexpr Ms event_patience{4000};
constexpr Ms reader_patience{4000};
// What a broker handed out as it was killed comes again after 30 s (docs/events.md).
constexpr Ms redelivery_patience{40'000};

base::Error wrong(const std::string& what) { return base::fail(base::ErrorCode::invalid, what); }

// What is wrong with the envelope (CloudEvents 1.0 in JSON, docs/events.md); empty when nothing is.
std::string flaw(const Stored& stored, const spec::Service& publisher, const Placed& order) {
  const auto& event = stored.event;
  if (text_of(event, "specversion") != "1.0") return "specversion is not 1.0";
  for (const char* key : {"id", "source", "type", "subject", "time", "datacontenttype", "dataschema"}) {
    if (text_of(event, key).empty()) return std::string("it has no ") + key;
  }
  if (text_of(event, "source") != "/" + publisher.name) return "its source is " + text_of(event, "source");
  if (text_of(event, "subject") != order.order_id) return "its subject is not the order";
  if (stored.subject != publisher.name + ".events." + text_of(event, "type")) return "its subject is " + stored.subject;
  const auto header = [&](const char* name) {
    const auto found = stored.headers.find(name);
    return found == stored.headers.end() ? std::string() : found->second;
  };
  if (stored.id != text_of(event, "id")) return "the broker has it by another id, \"" + stored.id + "\"";
  if (header("traceparent").find(order.trace_id) == std::string::npos) {
    return "the header traceparent is \"" + header("traceparent") + "\", not of trace " + order.trace_id;
  }
  return {};
}

// The same message for a durable consumer that gives it back: a second time, then no more.
base::Result<std::string> delivered_twice(World& world, const spec::Service& publisher, const Stored& event) {
  const std::string sequence = std::to_string(event.sequence);
  TRY(const auto lines, ask_broker(world, {"redeliver", base::stream_name(publisher.name), "--from-seq", sequence,
                                           "--subject", event.subject, "--timeout-ms", "3000"}));
  if (lines.size() != 3) return wrong("the broker said nothing of deliveries");
  for (std::size_t i = 0; i < 2; ++i) {
    if (lines[i].value("seq", std::uint64_t{0}) == event.sequence &&
        lines[i].value("delivery", std::size_t{0}) == i + 1)
      continue;
    return wrong("message " + sequence + ", given back by a durable consumer, was not delivered as number " +
                 std::to_string(i + 1) + " but as " + base::dump_json(lines[i]));
  }
  if (lines[2].value("unsettled", -1) != 0) return wrong("message " + sequence + " stayed unsettled when acknowledged");
  return std::string("A durable consumer that gave it back got it again, and no more once it had acknowledged it.");
}

std::vector<std::string> readers_of(const spec::Cluster& cluster, const spec::Service& publisher) {
  std::vector<std::string> names;
  for (const auto& [name, service] : cluster.services) {
    const bool reads = std::any_of(service.consumes.begin(), service.consumes.end(), [&](const auto& type) {
      return std::find(publisher.publishes.begin(), publisher.publishes.end(), type) != publisher.publishes.end();
    });
    if (reads) names.push_back(name);
  }
  return names;
}

struct Behind {
  std::string why;             // empty when all have read the stream to its end
  std::uint64_t unread = 0;    // that nobody has been given yet
  std::uint64_t in_hands = 0;  // given, and not settled
};

// A durable consumer is named after its service.
Behind behind(const std::vector<base::Json>& consumers, const std::vector<std::string>& readers) {
  Behind found;
  for (const auto& reader : readers) {
    bool any = false;
    for (const auto& one : consumers) {
      if (!text_of(one, "consumer").starts_with(reader + "-")) continue;
      any = true;
      const auto lag = one.value("lag", std::uint64_t{0});
      const auto unsettled = std::min(one.value("unsettled", std::uint64_t{0}), lag);
      found.unread += lag - unsettled;
      found.in_hands += unsettled;
      if (lag == 0 || !found.why.empty()) continue;
      found.why = reader + " is " + std::to_string(lag) + " events behind in " + text_of(one, "consumer");
    }
    if (!any) return {reader + " consumes from the stream and has no place in it", 0, 0};
  }
  return found;
}

// Empty when nobody in this cluster reads the stream. Those who read are waited for as long as they get on.
base::Result<std::string> read_to_its_end(World& world, const spec::Service& publisher) {
  const auto readers = readers_of(world.cluster(), publisher);
  if (readers.empty()) return std::string();
  Behind last{"the broker said nothing of consumers"};
  auto give_up_at = world.clock().monotonic() + reader_patience;
  TRY(wait_until(
      world, redelivery_patience,
      [&] {
        const auto consumers = ask_broker(world, {"consumers", base::stream_name(publisher.name)});
        if (!consumers) return world.clock().monotonic() >= give_up_at;
        const auto now = behind(consumers.value(), readers);
        const bool gets_on = now.unread < last.unread || (now.unread == 0 && now.in_hands > 0);
        if (gets_on) give_up_at = world.clock().monotonic() + reader_patience;
        last = now;
        return last.why.empty() || world.clock().monotonic() >= give_up_at;
      },
      Ms(50)));
  if (!last.why.empty()) return wrong(last.why);
  return " " + in_words(readers) + (readers.size() == 1 ? " has" : " have") + " read the stream to its end.";
}

}  // namespace

base::Result<Finding> look(World& world) {
  const auto& cluster = world.cluster();
  if (const auto why = why_no_orders(cluster)) return absent(*why);
  const auto& publisher = order_service(cluster);
  if (cluster.broker.empty() || publisher.publishes.empty())
    return absent(publisher.name + " publishes no events here.");
  TRY(const auto user, sign_up(world));
  const auto from = world.clock().wall() - std::chrono::seconds(1);
  TRY(const auto order, place_order(world, user));
  if (order.status != 201) return failed("an order got " + std::to_string(order.status));
  const auto began = world.clock().monotonic();
  std::vector<Stored> found;
  base::Result<void> last = base::success();
  TRY(const bool came, wait_until(
                           world, event_patience,
                           [&] {
                             const auto events = events_since(world, publisher.name, from);
                             if (events) {
                               found = about(events.value(), order.order_id);
                             } else {
                               last = events.error();
                             }
                             return !found.empty();
                           },
                           Ms(20)));
  if (!came && !last) return last.error();
  if (!came) return failed("the event of order " + order.order_id + " did not come");
  const auto came_ms = ms_since(world, began);
  if (const auto flawed = flaw(found.front(), publisher, order); !flawed.empty()) {
    return failed("the event of order " + order.order_id + " came, but " + flawed);
  }
  const std::string text = "Order " + order.order_id + " is in " + base::stream_name(publisher.name) + " as message " +
                           std::to_string(found.front().sequence) +
                           ", a CloudEvent 1.0 with its trace in the headers, " + std::to_string(came_ms) +
                           " ms after the 201.";
  TRY(const auto again, delivered_twice(world, publisher, found.front()));
  TRY(const auto read, read_to_its_end(world, publisher));
  return passed(text + " " + again + read);
}

}  // namespace verify::messaging
