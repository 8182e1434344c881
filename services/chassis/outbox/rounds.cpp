#include "services/chassis/outbox/rounds.hpp"

#include <algorithm>

#include "base/ids.hpp"
#include "base/subjects.hpp"

namespace chassis::outbox {
namespace {

using base::ErrorCode;
using base::Result;

constexpr std::chrono::seconds broker_patience{5};
constexpr std::chrono::milliseconds first_delay{250};
constexpr int portions_without_rest = 16;

// What comes again with each try.
bool is_final(const base::Error& error) {
  return error.code == ErrorCode::too_large || error.code == ErrorCode::invalid || error.code == ErrorCode::malformed ||
         error.code == ErrorCode::unsupported;
}

std::int64_t milliseconds_of(base::Wall time) { return time.time_since_epoch().count(); }

}  // namespace

struct Relay::Rounds::Outcome {
  Settlement settlement;
  std::vector<std::pair<Waiting, base::Error>> failed;  // this time, perhaps not the next
  std::optional<std::int64_t> lost_above;               // the stream turned out to end there
};

Relay::Rounds::Rounds(Environment& env, Store& store, broker::Broker& broker, const RelayOptions& options)
    : env_(env),
      store_(store),
      broker_(broker),
      options_(options),
      owner_(env.config.instance + "/" + base::random_hex(env.random, 8)),
      pipeline_(env, store, broker) {}

base::Task<Result<int>> Relay::Rounds::next() {
  if (!stream_known_) {
    CO_TRY(co_await ensure_stream());
  }
  const auto news = pipeline_.news();
  CO_TRY(auto portion, co_await read());
  if (portion.lease.owner != owner_) {
    has_lease_ = false;
    CO_TRY(const bool is_mine, co_await stand_for_lease(portion.lease, !portion.rows.empty()));
    if (!is_mine) co_return 0;
    look_at_end_at_ = env_.clock.monotonic();
    co_return 1;
  }
  has_lease_ = had_lease_ = true;
  CO_TRY(const bool is_rewound, co_await look_at_end(portion.lease));
  if (is_rewound) co_return 1;
  if (portion.rows.empty()) co_return 0;
  auto round = is_walking_ ? walk(std::move(portion)) : flow(std::move(portion), news);
  co_return co_await std::move(round);
}

base::Task<Result<int>> Relay::Rounds::flow(Portion portion, std::uint64_t news) {
  const auto acknowledged = portion.lease.last_sequence;
  Pipeline::Start start{std::move(portion), owner_, connections_, news};
  const auto ended = co_await pipeline_.run(std::move(start));
  has_lease_ = ended.has_lease;
  if (!has_lease_) co_return 0;
  if (ended.error) co_return *ended.error;
  if (ended.lost_above) co_return co_await rewind(*ended.lost_above, acknowledged);
  if (!ended.failed) co_return ended.sent;

  const auto& [row, error, is_certain] = *ended.failed;
  const bool is_refused = is_final(error) || (is_certain && ended.broker_answers);
  // Either somebody else published in between, or one of these rows was refused: it is asked which.
  if (error.code == ErrorCode::conflict) co_return is_certain ? ended.sent : std::max(ended.sent, 1);
  if (!is_final(error)) stream_known_ = false;  // the broker may have come back without it
  if (!is_refused && ended.sent == 0) co_return error;
  if (!is_refused) co_return ended.sent;
  Settlement settlement;
  settlement.refused.push_back(put_off(row, error, is_final(error)));
  CO_TRY(has_lease_, co_await store_.settle(owner_, std::move(settlement)));
  co_return has_lease_ ? 1 : 0;
}

base::Task<Result<int>> Relay::Rounds::walk(Portion portion) {
  const auto acknowledged = portion.lease.last_sequence;
  auto outcome = co_await publish(std::move(portion));
  if (outcome.lost_above) co_return co_await rewind(*outcome.lost_above, acknowledged);
  auto& settlement = outcome.settlement;
  const int sent = static_cast<int>(settlement.sent.size());
  if (!outcome.failed.empty()) stream_known_ = false;  // the broker may have come back without it
  // When some were taken, the broker is there, and those that were not must not slow the others down.
  if (sent > 0) {
    for (const auto& [row, error] : outcome.failed) settlement.refused.push_back(put_off(row, error, false));
  }
  const int moved = sent + static_cast<int>(settlement.refused.size());
  if (moved > 0) {
    CO_TRY(const bool is_mine, co_await store_.settle(owner_, std::move(settlement)));
    if (!is_mine) co_return 0;
    if (sent > 0) env_.metrics.count("outbox_published_total", "Events acknowledged by the broker", {}, sent);
  }
  if (moved == 0 && !outcome.failed.empty()) co_return outcome.failed.front().second;
  co_return moved;
}

base::Task<> Relay::Rounds::end() {
  if (!has_lease_) co_return;
  has_lease_ = false;
  const auto released = co_await store_.release(owner_);
  if (!released) env_.log.warning("the outbox's lease was not given back", {{"error", released.error().message}});
}

base::Task<Result<Portion>> Relay::Rounds::read() {
  if (is_walking_ && after_.empty() && is_circle_clear_) is_walking_ = false;
  if (!is_walking_) {
    const Stretch stretch{0, batch, milliseconds_of(env_.clock.wall())};
    CO_TRY(auto portion, co_await store_.read(stretch));
    is_held_back_ = portion.is_held_back;
    if (!portion.must_wait) co_return portion;
    is_walking_ = true;
    after_.clear();
  }
  co_return co_await read_walking();
}

// The next portion that has something to send, going round once at most.
base::Task<Result<Portion>> Relay::Rounds::read_walking() {
  Portion portion;
  for (int portions = 0; portions < portions_without_rest; ++portions) {
    if (after_.empty()) is_circle_fruitless_ = is_circle_clear_ = true;
    Scan scan{after_, batch, per_aggregate_, milliseconds_of(env_.clock.wall())};
    CO_TRY(portion, co_await store_.read(std::move(scan)));
    is_held_back_ = portion.is_held_back;
    if (portion.must_wait) is_circle_clear_ = false;
    if (!portion.rows.empty()) is_circle_fruitless_ = false;
    per_aggregate_ = std::clamp<std::int64_t>(batch / std::max<std::int64_t>(portion.aggregates, 1), 1, batch);
    const bool was_whole = after_.empty() && portion.reached_end;
    const bool is_over = portion.reached_end && is_circle_fruitless_;
    after_ = portion.reached_end ? std::string() : portion.last_aggregate;
    if (!portion.rows.empty() || was_whole || is_over) break;
  }
  co_return portion;
}

// A relay of the same instance is one that died before this one began; from any other one the lease is taken when it
// has done nothing for a while though there was work, and this one has a broker to do better with.
base::Task<Result<bool>> Relay::Rounds::stand_for_lease(Lease seen, bool work_waits) {
  const bool is_former_self = !had_lease_ && seen.owner.starts_with(env_.config.instance + "/");
  if (!seen.owner.empty() && !is_former_self) {
    const auto now = env_.clock.monotonic();
    if (!work_waits) watched_.reset();
    if (!work_waits) co_return false;
    if (!watched_ || watched_->first.owner != seen.owner || watched_->first.beat != seen.beat) {
      watched_.emplace(seen, now);
    }
    if (now - watched_->second < options_.takeover) co_return false;
    CO_TRY(co_await broker_.ping(now + broker_patience));
  }
  const base::Json fields{{"before", seen.owner}};
  const bool is_free = seen.owner.empty();
  CO_TRY(const bool is_mine, co_await store_.take(std::move(seen), owner_));
  watched_.reset();
  if (is_mine && !is_free) pipeline_.doubt();
  if (is_mine) env_.log.info("this instance publishes the outbox from now on", fields);
  co_return is_mine;
}

base::Task<Result<void>> Relay::Rounds::ensure_stream() {
  broker::Stream stream{base::stream_name(env_.config.name), {subject(env_.config.name, ">")}};
  CO_TRY(co_await broker_.ensure_stream(env_.clock.monotonic() + broker_patience, std::move(stream)));
  stream_known_ = true;
  look_at_end_at_ = env_.clock.monotonic();
  co_return base::success();
}

// True when the broker had lost something, which is unsent now.
base::Task<Result<bool>> Relay::Rounds::look_at_end(Lease lease) {
  const auto now = env_.clock.monotonic();
  if (now < look_at_end_at_ && broker_.connections() == connections_) co_return false;
  if (connections_ != 0 && broker_.connections() != connections_) pipeline_.doubt();
  connections_ = broker_.connections();
  const auto last = co_await broker_.last_sequence(now + broker_patience, base::stream_name(env_.config.name));
  if (!last) {
    stream_known_ = false;
    co_return last.error();
  }
  const auto end = static_cast<std::int64_t>(last.value());
  if (end < lease.last_sequence) {
    CO_TRY(co_await rewind(end, lease.last_sequence));
    co_return true;
  }
  look_at_end_at_ = now + options_.look_after;
  co_return false;
}

base::Task<Result<int>> Relay::Rounds::rewind(std::int64_t last_sequence, std::int64_t acknowledged) {
  CO_TRY(const auto count, co_await store_.rewind(owner_, last_sequence));
  if (count < 0) co_return 0;
  env_.log.warning("the broker has lost events of this service's stream; they are sent again",
                   {{"events", count}, {"acknowledged", acknowledged}, {"stream_ends_at", last_sequence}});
  env_.metrics.count("outbox_resent_total", "Events sent again after the broker lost them", {},
                     static_cast<double>(count));
  after_.clear();
  co_return 1;
}

// All at once; within an aggregate a row is stored only behind the one before it.
base::Task<Relay::Rounds::Outcome> Relay::Rounds::publish(Portion portion) {
  Outcome outcome;
  // What follows may come to a broker that has forgotten what was before.
  if (broker_.connections() != connections_) co_return outcome;
  auto& rows = portion.rows;
  std::vector<broker::Message> messages;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    messages.push_back(rows[i].take_message());
    if (i > 0 && rows[i].aggregate == rows[i - 1].aggregate) messages[i].after = messages[i - 1].id;
  }
  const auto answers = co_await broker_.publish(env_.clock.monotonic() + broker_patience, std::move(messages));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!answers[i]) {
      sort_out(rows[i], answers[i].error(), outcome);
      continue;
    }
    const auto& stored = answers[i].value();
    const auto sequence = static_cast<std::int64_t>(stored.sequence);
    // A new one stands behind all that were acknowledged, unless the stream's end was lost.
    if (!stored.is_repetition && sequence <= portion.lease.last_sequence) {
      outcome.lost_above = std::min(outcome.lost_above.value_or(sequence - 1), sequence - 1);
    }
    outcome.settlement.sent.push_back({rows[i].id, sequence});
  }
  co_return outcome;
}

void Relay::Rounds::sort_out(Waiting& row, const base::Error& error, Outcome& outcome) {
  if (error.code == ErrorCode::conflict) return;  // not its own fault: its turn comes after the one before it
  if (is_final(error)) {
    outcome.settlement.refused.push_back(put_off(row, error, true));
  } else {
    outcome.failed.emplace_back(std::move(row), error);
  }
}

Refused Relay::Rounds::put_off(const Waiting& row, const base::Error& error, bool is_final) {
  const auto attempts = row.attempts + 1;
  base::Json fields{{"event_id", row.message.id},
                    {"aggregate", row.aggregate},
                    {"subject", row.message.subject},
                    {"attempts", attempts},
                    {"error", error.message}};
  if (is_final && attempts >= options_.refusals_until_parked) {
    env_.log.error("an event was parked: the broker refuses it for good", fields);
    env_.metrics.count("outbox_parked_total", "Events that the broker refused for good", {});
    return {row.id, 0, error.message};
  }
  if (attempts == 1) env_.log.warning("the broker refused an event; it is tried again", fields);
  const auto doublings = std::min<std::int64_t>(attempts - 1, 10);
  const auto delay = std::min(first_delay * (1 << doublings), Store::longest_pause);
  const auto jitter = env_.random.below(static_cast<std::uint32_t>(delay.count() / 2));
  return {row.id, milliseconds_of(env_.clock.wall()) + delay.count() / 2 + static_cast<std::int64_t>(jitter), {}};
}

}  // namespace chassis::outbox
