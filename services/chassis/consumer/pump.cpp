#include "services/chassis/consumer/pump.hpp"

#include <algorithm>

#include "base/json_text.hpp"
#include "services/chassis/consumer/schema_check.hpp"

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

// Names of durables have no dots.
std::string dashed(std::string text) {
  std::replace(text.begin(), text.end(), '.', '-');
  return text;
}

Result<base::Json> read_envelope(const std::string& body) {
  TRY(auto envelope, base::parse_json(body));
  if (!envelope.is_object() || !base::text_at(envelope, "specversion").starts_with("1.")) {
    return base::fail(ErrorCode::malformed, "not a CloudEvent 1.0 in JSON");
  }
  for (const char* name : {"id", "source", "type"}) {
    if (base::text_at(envelope, name).empty())
      return base::fail(ErrorCode::malformed, std::string("no attribute ") + name);
  }
  return envelope;
}

bool is_poison(const base::Error& why) { return why.code == ErrorCode::malformed || why.code == ErrorCode::invalid; }

}  // namespace

Source source_of(const std::string& service, const std::string& type, const std::string& publisher) {
  return {publisher + ".events." + type, dashed(service + "-" + type + (publisher == "*" ? "" : "-from-" + publisher))};
}

Source replay_of(const std::string& service, const std::string& type) {
  return {subject_of_replay(service, type), dashed(service + "-" + type + "-replay"), true};
}

Pump::Pump(Environment& env, broker::Broker& broker, const Options& options, std::string type, const Source& source,
           Invoke invoke)
    : env_(env),
      broker_(broker),
      options_(options),
      type_(std::move(type)),
      label_(source.is_replay ? type_ + " replayed" : type_),
      is_replay_(source.is_replay),
      invoke_(std::move(invoke)),
      room_(env.scheduler.make_signal()),
      stop_(env.scheduler.make_signal()),
      due_(env.scheduler.make_signal()) {
  broker::Subscription wanted{source.durable, source.subject};
  if (is_replay_) wanted.stream = parked_stream(env_.config.name).name;
  wanted.ack_wait = options_.ack_wait;
  subscriber_ = broker_.subscribe(std::move(wanted));
}

base::Task<> Pump::run() {
  // An alert by increase() does not see the first event of a series that was not there.
  for (const auto aside : {Aside::parked, Aside::quarantined}) count_aside(aside, 0);
  count_waiting(0);
  env_.scheduler.spawn(stop_at_shutdown());
  env_.scheduler.spawn(go_on());
  milliseconds backoff{0};
  while (!env_.scheduler.shutting_down()) {
    const auto at_most = std::min(options_.batch, room());
    if (at_most == 0) {
      co_await room_->wait(fetch_patience);
      continue;
    }
    const auto until = env_.clock.monotonic() + fetch_patience;
    auto fetched = co_await fetch(until, at_most);
    if (!fetched) {
      parked_stream_known_ = false;  // the broker may have come back without it
      if (env_.scheduler.shutting_down()) break;
      co_await stop_->wait(pause(fetched.error(), backoff));
      continue;
    }
    if (backoff.count() > 0 && !is_replay_) env_.log.info("events are consumed again", {{"event", type_}});
    backoff = milliseconds(0);
    const bool is_empty = fetched.value().empty();
    if (is_empty) env_.metrics.gauge("consumer_lag", "Events that wait in the broker", {{"event", label_}}, 0);
    for (auto& delivery : fetched.value()) begin(std::move(delivery));
    if (is_empty && env_.clock.monotonic() + idle < until) co_await stop_->wait(idle);
  }
}

base::Task<Result<std::vector<broker::Delivery>>> Pump::fetch(base::Monotonic until, std::size_t at_most) {
  // Nobody else makes the stream that replays come from.
  if (is_replay_) {
    CO_TRY(co_await ensure_parked_stream());
  }
  co_return co_await subscriber_->fetch(until, at_most);
}

// How many more may be fetched. In an outage they come one by one, and few: for what the broker has sent already, which
// is extended only once it is here, and to be tried first, since those before it may be told so alone.
std::size_t Pump::room() const {
  if (outage_.is_on()) return untried_.size() < 2 * options_.max_in_flight ? 1 : 0;
  return options_.max_in_flight - std::min(in_flight_, options_.max_in_flight);
}

base::Task<Result<void>> Pump::ensure_parked_stream() {
  if (parked_stream_known_) co_return base::success();
  auto stream = parked_stream(env_.config.name);
  CO_TRY(co_await broker_.ensure_stream(soon(), std::move(stream)));
  parked_stream_known_ = true;
  co_return base::success();
}

base::Task<> Pump::stop_at_shutdown() {
  const auto signal = env_.scheduler.make_signal();
  while (!env_.scheduler.shutting_down()) co_await signal->wait(std::chrono::hours(1));
  subscriber_->stop();
}

milliseconds Pump::pause(const base::Error& error, milliseconds& backoff) {
  if (backoff.count() == 0 && !is_replay_) {  // one line a type
    env_.log.warning("events cannot be consumed", {{"event", type_}, {"error", error.message}});
  }
  backoff = std::clamp(backoff * 2, first_backoff, backoff_cap);
  return backoff / 2 + milliseconds(env_.random.below(static_cast<std::uint32_t>(backoff.count() / 2 + 1)));
}

void Pump::begin(broker::Delivery delivery) {
  const Metrics::Labels labels{{"event", label_}};
  env_.metrics.gauge("consumer_lag", "Events that wait in the broker", labels, static_cast<double>(delivery.waiting));
  auto item = std::make_shared<Item>();
  item->delivery = std::move(delivery);
  item->deadline = env_.clock.monotonic() + options_.ack_wait * 9 / 10;
  read(*item);
  const bool must_wait = outage_.is_on() && !env_.scheduler.shutting_down();
  must_wait ? wait_untried(std::move(item)) : enter(std::move(item));
}

void Pump::enter(ItemPtr item) {
  in_flight(1);
  // What has no subject belongs to no aggregate and waits for nobody.
  const auto lane = item->event.subject.empty() ? "handle " + item->delivery.handle : item->event.subject;
  const auto [place, is_new] = lanes_.try_emplace(lane);
  place->second.push_back(std::move(item));
  if (is_new) env_.scheduler.spawn(work_off(lane));
}

void Pump::read(Item& item) const {
  item.envelope = read_envelope(item.delivery.message.body);
  item.event = {};
  if (!item.envelope) return;
  const auto& json = item.envelope.value();
  item.event = {base::text_at(json, "id"),      base::text_at(json, "type"), base::text_at(json, "source"),
                base::text_at(json, "subject"), base::text_at(json, "time"), base::text_at(json, "dataschema"),
                item.delivery.attempt};
}

base::Task<> Pump::work_off(std::string lane) {
  auto& items = lanes_.at(lane);
  while (!items.empty()) {
    auto item = std::move(items.front());
    items.pop_front();
    co_await work_on(item);
    if (!item->waits) leave(*item);
    in_flight(-1);
  }
  lanes_.erase(lane);
}

base::Task<> Pump::work_on(ItemPtr item) {
  if (env_.scheduler.shutting_down()) {
    co_await give_back(std::move(item));
  } else if (outage_.is_on() && !item->is_probe) {
    wait_untried(std::move(item));
  } else if (env_.clock.monotonic() < item->deadline) {
    co_await handle(std::move(item));
  }  // else the broker delivers it again by itself
}

base::Task<> Pump::handle(ItemPtr item) {
  // However often it was delivered: that it is too new is no failure of a handler.
  if (const auto version = version_of(*item); !version && version.error().code == ErrorCode::unsupported) {
    co_await put_aside(Aside::quarantined, *item, version.error());
    co_return;
  }
  // Before anything of the service's own sees it, which may be what ends the process.
  if (item->delivery.attempt > options_.max_deliveries) {
    const auto why = base::fail(ErrorCode::internal, "it was begun more often than allowed and never finished");
    co_await put_aside(Aside::parked, *item, why);
    co_return;
  }
  const auto began = env_.clock.monotonic();
  const auto outcome = co_await call(*item);
  const std::chrono::duration<double> took = env_.clock.monotonic() - began;
  env_.metrics.observe_seconds("consumer_seconds", "Time that handlers of events took", {{"event", label_}},
                               took.count());
  if (!outcome) {
    co_await fail(std::move(item), outcome.error());
    co_return;
  }
  ++handled_;
  outage_.end();
  count("done");
  const auto settled = co_await subscriber_->done(soon(), item->delivery);
  if (!settled) {
    auto line = fields(*item);
    line["error"] = settled.error().message;
    env_.log.warning("an event was handled and may come again", line);
  }
}

base::Task<> Pump::fail(ItemPtr item, base::Error why) {
  if (is_not_now(why.code)) {
    co_await put_off(std::move(item), std::move(why));
    co_return;
  }
  if (!is_poison(why)) outage_.end();  // poison may have been found before anything was asked
  const bool is_hopeless = is_poison(why) || item->delivery.attempt >= options_.max_deliveries;
  auto next = is_hopeless ? put_aside(Aside::parked, *item, why) : retry(*item, why);
  co_await std::move(next);
}

Result<int> Pump::version_of(const Item& item) const {
  if (!item.envelope) return item.envelope.error();
  return options_.check->version_of(type_, item.event.data_schema);
}

// Its data as the handler reads it.
Result<base::Json> Pump::understand(Item& item) const {
  auto& envelope = item.envelope.value();
  const auto found = envelope.find("data");
  auto data = found == envelope.end() ? base::Json() : std::move(*found);
  TRY(auto form, options_.check->read(type_, item.event.type, item.event.data_schema, std::move(data)));
  item.event.data_schema = std::move(form.schema);
  return std::move(form.data);
}

base::Task<Result<void>> Pump::call(Item& item) {
  if (!item.envelope) co_return item.envelope.error();
  const auto& headers = item.delivery.message.headers;
  const auto& envelope = item.envelope.value();
  const auto in_header = std::string(headers.get("traceparent"));
  CallContext context;
  context.trace = continue_trace(in_header.empty() ? base::text_at(envelope, "traceparent") : in_header,
                                 headers.get("tracestate"), env_.random);
  context.request_id = accept_request_id(headers.get("X-Request-Id"), env_.clock, env_.random);
  context.deadline = item.deadline;
  CO_TRY(const auto data, understand(item));
  // A handler that throws must not end the process: the event would end the next one as well.
  try {
    auto handling = invoke_once(std::move(context), item.event, data);
    co_return co_await std::move(handling);
  } catch (const std::exception& thrown) {
    co_return base::fail(ErrorCode::internal, std::string("the handler threw: ") + thrown.what());
  }
}

// CloudEvents: the source and the id together name an event.
base::Task<Result<void>> Pump::invoke_once(CallContext context, const Event& event, const base::Json& data) {
  if (options_.ledger == nullptr) co_return co_await invoke_(std::move(context), event, data);
  ledger::Key key{"event " + type_, event.source + " " + event.id, "", options_.remember_for, false};
  // What it borrows outlives it: it is over when once() is.
  ledger::Work work = [this, &event, &data](CallContext inner) {
    return invoke_for_ledger(std::move(inner), event, data);
  };
  const auto outcome = co_await options_.ledger->once(std::move(context), std::move(key), std::move(work));
  if (outcome.is_replayed) count("repeated");
  if (!outcome.answer) co_return outcome.answer.error();
  co_return base::success();
}

base::Task<Result<base::Json>> Pump::invoke_for_ledger(CallContext context, const Event& event,
                                                       const base::Json& data) {
  CO_TRY(co_await invoke_(std::move(context), event, data));
  co_return base::Json();
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

base::Task<> Pump::put_aside(Aside aside, const Item& item, const base::Error& why) {
  auto line = fields(item);
  line["error"] = why.message;
  const auto stored = co_await store_aside(aside, item, why);
  if (!stored) {
    line["parking"] = stored.error().message;
    env_.log.warning("an event could not be parked", line);
    static_cast<void>(co_await subscriber_->again(soon(), item.delivery, delay_after(item.delivery.attempt)));
    co_return;
  }
  count_aside(aside, 1);
  if (aside == Aside::quarantined) {
    env_.log.warning("an event was quarantined", line);
  } else {
    env_.log.error("an event was parked", line);
  }
  static_cast<void>(co_await subscriber_->drop(soon(), item.delivery));
}

base::Task<Result<void>> Pump::store_aside(Aside aside, const Item& item, const base::Error& why) {
  CO_TRY(co_await ensure_parked_stream());
  std::vector<broker::Message> messages;
  messages.push_back(copy_aside(item.delivery.message, subject_of(aside, env_.config.name, type_), why.message,
                                item.delivery.attempt, base::to_rfc3339(env_.clock.wall())));
  auto answers = co_await broker_.publish(soon(), messages);
  if (!answers.front() && answers.front().error().code == ErrorCode::too_large) {
    keep_beginning(messages.front());
    answers = co_await broker_.publish(soon(), std::move(messages));
  }
  if (answers.front()) co_return base::success();
  parked_stream_known_ = false;
  co_return answers.front().error();
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

void Pump::count(const std::string& outcome, double by) {
  env_.metrics.count("consumer_events_total", "Events by what became of them",
                     {{"event", label_}, {"outcome", outcome}}, by);
}

void Pump::count_aside(Aside aside, double by) {
  count(aside == Aside::parked ? "parked" : "quarantined", by);
  if (aside == Aside::parked) return;
  env_.metrics.count("consumer_quarantined_total", "Events of a newer version than is known here", {{"event", label_}},
                     by);
}

void Pump::count_waiting(int change) {
  not_settled_ += static_cast<std::size_t>(change);
  env_.metrics.gauge("consumer_waiting", "Events that wait for what their handlers need", {{"event", label_}},
                     static_cast<double>(not_settled_));
}

void Pump::in_flight(int change) {
  in_flight_ += static_cast<std::size_t>(change);
  env_.metrics.gauge("consumer_in_flight", "Events pulled and not settled", {{"event", label_}},
                     static_cast<double>(in_flight_));
  if (change >= 0) return;
  room_->set();
  if (not_settled_ > 0) due_->set();
}

base::Monotonic Pump::soon() const { return env_.clock.monotonic() + settle_patience; }

}  // namespace chassis::consumer
