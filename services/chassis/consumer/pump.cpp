#include "services/chassis/consumer/pump.hpp"

#include <algorithm>
#include <cctype>

namespace chassis::consumer {
namespace {

using base::ErrorCode;
using base::Result;
using std::chrono::milliseconds;

constexpr milliseconds fetch_patience{5'000};
constexpr milliseconds settle_patience{5'000};
constexpr milliseconds idle{10};  // after a fetch that came back empty before its time
constexpr milliseconds first_backoff{100};
constexpr milliseconds backoff_cap{5'000};
constexpr milliseconds first_delay{1'000};  // until a failed event comes again
constexpr milliseconds delay_cap{60'000};

// Names of durables and streams have no dots.
std::string dashed(std::string text) {
  std::replace(text.begin(), text.end(), '.', '-');
  return text;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::string text_of(const base::Json& envelope, const char* name) {
  const auto found = envelope.find(name);
  return found != envelope.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<base::Json> read_envelope(const std::string& body) {
  TRY(auto envelope, base::parse_json(body));
  if (!envelope.is_object() || !text_of(envelope, "specversion").starts_with("1.")) {
    return base::fail(ErrorCode::malformed, "not a CloudEvent 1.0 in JSON");
  }
  for (const char* name : {"id", "source", "type"}) {
    if (text_of(envelope, name).empty()) return base::fail(ErrorCode::malformed, std::string("no attribute ") + name);
  }
  return envelope;
}

}  // namespace

Pump::Pump(Environment& env, broker::Broker& broker, const Options& options, std::string type, std::string publisher,
           Invoke invoke)
    : env_(env),
      broker_(broker),
      options_(options),
      type_(std::move(type)),
      invoke_(std::move(invoke)),
      room_(env.scheduler.make_signal()),
      stop_(env.scheduler.make_signal()) {
  // The server's search by a subject with a wildcard finds the streams of all publishers.
  const bool is_known = !publisher.empty();
  broker::Subscription wanted{dashed(env_.config.name + "-" + type_ + (is_known ? "-from-" + publisher : "")),
                              (is_known ? publisher : "*") + ".events." + type_};
  wanted.ack_wait = options_.ack_wait;
  subscriber_ = broker_.subscribe(std::move(wanted));
}

base::Task<> Pump::run() {
  env_.scheduler.spawn(stop_at_shutdown());
  milliseconds backoff{0};
  while (!env_.scheduler.shutting_down()) {
    if (in_flight_ >= options_.max_in_flight) {
      co_await room_->wait(fetch_patience);
      continue;
    }
    const auto until = env_.clock.monotonic() + fetch_patience;
    auto fetched = co_await subscriber_->fetch(until, std::min(options_.batch, options_.max_in_flight - in_flight_));
    if (!fetched) {
      if (env_.scheduler.shutting_down()) break;
      co_await stop_->wait(pause(fetched.error(), backoff));
      continue;
    }
    if (backoff.count() > 0) env_.log.info("events are consumed again", {{"event", type_}});
    backoff = milliseconds(0);
    const bool is_empty = fetched.value().empty();
    if (is_empty) env_.metrics.gauge("consumer_lag", "Events that wait in the broker", {{"event", type_}}, 0);
    for (auto& delivery : fetched.value()) begin(std::move(delivery));
    if (is_empty && env_.clock.monotonic() + idle < until) co_await stop_->wait(idle);
  }
}

base::Task<> Pump::stop_at_shutdown() {
  const auto signal = env_.scheduler.make_signal();
  while (!env_.scheduler.shutting_down()) co_await signal->wait(std::chrono::hours(1));
  subscriber_->stop();
}

milliseconds Pump::pause(const base::Error& error, milliseconds& backoff) {
  if (backoff.count() == 0) {
    env_.log.warning("events cannot be consumed", {{"event", type_}, {"error", error.message}});
  }
  backoff = std::clamp(backoff * 2, first_backoff, backoff_cap);
  return backoff / 2 + milliseconds(env_.random.below(static_cast<std::uint32_t>(backoff.count() / 2 + 1)));
}

void Pump::begin(broker::Delivery delivery) {
  const Metrics::Labels labels{{"event", type_}};
  env_.metrics.gauge("consumer_lag", "Events that wait in the broker", labels, static_cast<double>(delivery.waiting));
  in_flight(1);
  auto item = read(std::move(delivery));
  // What has no subject belongs to no aggregate and waits for nobody.
  const auto lane = item.event.subject.empty() ? "handle " + item.delivery.handle : item.event.subject;
  const auto [place, is_new] = lanes_.try_emplace(lane);
  place->second.push_back(std::move(item));
  if (is_new) env_.scheduler.spawn(work_off(lane));
}

Pump::Item Pump::read(broker::Delivery delivery) const {
  const auto deadline = env_.clock.monotonic() + options_.ack_wait * 9 / 10;
  auto envelope = read_envelope(delivery.message.body);
  Event event;
  if (envelope) {
    const auto& json = envelope.value();
    event = {text_of(json, "id"),   text_of(json, "type"),       text_of(json, "source"), text_of(json, "subject"),
             text_of(json, "time"), text_of(json, "dataschema"), delivery.attempt};
  }
  return {std::move(delivery), deadline, std::move(envelope), std::move(event)};
}

base::Task<> Pump::work_off(std::string lane) {
  auto& items = lanes_.at(lane);
  while (!items.empty()) {
    auto item = std::move(items.front());
    items.pop_front();
    if (env_.scheduler.shutting_down()) {
      static_cast<void>(co_await subscriber_->again(soon(), item.delivery, milliseconds(0)));
    } else if (env_.clock.monotonic() < item.deadline) {
      co_await handle(std::move(item));
    }  // else the broker delivers it again by itself
    in_flight(-1);
  }
  lanes_.erase(lane);
}

base::Task<> Pump::handle(Item item) {
  const auto began = env_.clock.monotonic();
  const auto outcome = co_await call(item);
  const std::chrono::duration<double> took = env_.clock.monotonic() - began;
  env_.metrics.observe_seconds("consumer_seconds", "Time that handlers of events took", {{"event", type_}},
                               took.count());
  if (!outcome) {
    auto next = is_hopeless(item, outcome.error()) ? park(item, outcome.error()) : retry(item, outcome.error());
    co_await std::move(next);
    co_return;
  }
  count("done");
  const auto settled = co_await subscriber_->done(soon(), item.delivery);
  if (!settled) {
    auto line = fields(item);
    line["error"] = settled.error().message;
    env_.log.warning("an event was handled and may come again", line);
  }
}

base::Task<Result<void>> Pump::call(const Item& item) {
  if (!item.envelope) co_return item.envelope.error();
  if (item.delivery.attempt > options_.max_deliveries) {
    co_return base::fail(ErrorCode::internal, "it was begun more often than allowed and never finished");
  }
  const auto& headers = item.delivery.message.headers;
  const auto& envelope = item.envelope.value();
  const auto in_header = std::string(headers.get("traceparent"));
  CallContext context;
  context.trace = continue_trace(in_header.empty() ? text_of(envelope, "traceparent") : in_header,
                                 headers.get("tracestate"), env_.random);
  context.request_id = accept_request_id(headers.get("X-Request-Id"), env_.clock, env_.random);
  context.deadline = item.deadline;
  const auto data = envelope.find("data");
  const base::Json nothing;
  // A handler that throws must not end the process: the event would end the next one as well.
  try {
    auto handling = invoke_(std::move(context), item.event, data == envelope.end() ? nothing : *data);
    co_return co_await std::move(handling);
  } catch (const std::exception& thrown) {
    co_return base::fail(ErrorCode::internal, std::string("the handler threw: ") + thrown.what());
  }
}

bool Pump::is_hopeless(const Item& item, const base::Error& why) const {
  const bool is_poison = why.code == ErrorCode::malformed || why.code == ErrorCode::invalid;
  return is_poison || item.delivery.attempt >= options_.max_deliveries;
}

milliseconds Pump::delay_after(int attempt) const {
  const auto delay = std::min(first_delay * (1 << std::clamp(attempt - 1, 0, 10)), delay_cap);
  return delay / 2 + milliseconds(env_.random.below(static_cast<std::uint32_t>(delay.count() / 2 + 1)));
}

base::Task<> Pump::retry(const Item& item, const base::Error& why) {
  count("failed");
  const auto delay = delay_after(item.delivery.attempt);
  auto line = fields(item);
  line["error"] = why.message;
  line["again_in_ms"] = delay.count();
  env_.log.warning("an event could not be handled", line);
  // When this gets lost, the broker delivers it again after ack_wait.
  static_cast<void>(co_await subscriber_->again(soon(), item.delivery, delay));
}

base::Task<> Pump::park(const Item& item, const base::Error& why) {
  auto line = fields(item);
  line["error"] = why.message;
  const auto stored = co_await store_parked(item, why);
  if (!stored) {
    line["parking"] = stored.error().message;
    env_.log.warning("an event could not be parked", line);
    static_cast<void>(co_await subscriber_->again(soon(), item.delivery, delay_after(item.delivery.attempt)));
    co_return;
  }
  count("parked");
  env_.log.error("an event was parked", line);
  static_cast<void>(co_await subscriber_->drop(soon(), item.delivery));
}

base::Task<Result<void>> Pump::store_parked(const Item& item, const base::Error& why) {
  const auto& service = env_.config.name;
  if (!parked_stream_known_) {
    broker::Stream stream{upper(service) + "-PARKED", {service + ".parked.>"}};
    CO_TRY(co_await broker_.ensure_stream(soon(), std::move(stream)));
    parked_stream_known_ = true;
  }
  broker::Message copy{service + ".parked." + type_, item.delivery.message.id, {}, item.delivery.message.body};
  for (const auto& [name, value] : item.delivery.message.headers) {
    if (!name.starts_with("Nats-")) copy.headers.add(name, value);
  }
  copy.headers.add("Parked-Reason", why.message);
  copy.headers.add("Parked-Subject", item.delivery.message.subject);
  copy.headers.add("Parked-Attempts", std::to_string(item.delivery.attempt));
  copy.headers.add("Parked-Time", base::to_rfc3339(env_.clock.wall()));
  std::vector<broker::Message> messages;
  messages.push_back(std::move(copy));
  auto answers = co_await broker_.publish(soon(), std::move(messages));
  if (!answers.front()) parked_stream_known_ = false;
  co_return std::move(answers.front());
}

base::Json Pump::fields(const Item& item) const {
  const auto& message = item.delivery.message;
  return {{"event", type_},
          {"id", item.event.id.empty() ? message.id : item.event.id},
          {"subject", message.subject},
          {"aggregate", item.event.subject},
          {"attempt", item.delivery.attempt},
          {"request_id", std::string(message.headers.get("X-Request-Id"))}};
}

void Pump::count(const std::string& outcome) {
  env_.metrics.count("consumer_events_total", "Events by what became of them",
                     {{"event", type_}, {"outcome", outcome}});
}

void Pump::in_flight(int change) {
  in_flight_ += static_cast<std::size_t>(change);
  env_.metrics.gauge("consumer_in_flight", "Events pulled and not settled", {{"event", type_}},
                     static_cast<double>(in_flight_));
  if (change < 0) room_->set();
}

base::Monotonic Pump::soon() const { return env_.clock.monotonic() + settle_patience; }

}  // namespace chassis::consumer
