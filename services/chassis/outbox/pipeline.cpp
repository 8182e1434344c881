#include "services/chassis/outbox/pipeline.hpp"

#include <algorithm>

namespace chassis::outbox {
namespace {

constexpr std::chrono::seconds answer_patience{5};
constexpr std::chrono::seconds doubtful{10};    // what somebody else has published has arrived or was given up by then
constexpr std::chrono::seconds longest_run{5};  // then from the oldest row anew: one may have come in front
constexpr std::size_t most_unsettled = 12'288;  // rows
constexpr std::size_t most_bytes = 16 << 20;
// A row costs half as much to mark in a large transaction; other writers wait some 20 ms for one.
constexpr std::size_t rows_at_once = 4'096;
constexpr std::chrono::milliseconds mark_within{100};  // also when few are acknowledged

bool is_inside(std::size_t place, std::size_t size) { return place > 0 && place + 1 < size; }

}  // namespace

struct Relay::Pipeline::Wave {
  std::vector<Waiting> rows;  // without what went to the broker
  std::size_t bytes = 0;
  bool is_quiet = false;                                             // but for its first row and its last one
  std::optional<std::vector<base::Result<broker::Stored>>> answers;  // once they are there
};

Relay::Pipeline::Pipeline(Environment& env, Store& store, broker::Broker& broker)
    : env_(env), store_(store), broker_(broker), signal_(env.scheduler.make_signal()) {}

void Relay::Pipeline::wake() {
  ++news_;
  signal_->set();
}

void Relay::Pipeline::doubt() { asks_each_until_ = env_.clock.monotonic() + doubtful; }

base::Task<Relay::Pipeline::Ended> Relay::Pipeline::run(Start start) {
  ended_ = {};
  owner_ = std::move(start.owner);
  connections_ = start.connections;
  seen_news_ = start.news;
  until_ = env_.clock.monotonic() + longest_run;
  write_at_ = env_.clock.monotonic() + mark_within;
  newest_sequence_ = start.first.lease.last_sequence;
  is_ending_ = false;
  take(std::move(start.first));
  for (;;) {
    collect();
    write_down();
    if (may_read()) {
      co_await read();
    } else if (is_over()) {
      break;
    } else {
      co_await signal_->wait(mark_within);
    }
  }
  co_return std::move(ended_);
}

bool Relay::Pipeline::may_read() {
  // What follows may come to a broker that has forgotten what was before.
  if (broker_.connections() != connections_ || env_.clock.monotonic() >= until_) is_ending_ = true;
  if (is_ending_ || env_.scheduler.shutting_down()) return false;
  const bool has_room = unsettled_ < most_unsettled && bytes_ < most_bytes;
  return has_room && (has_more_ || news_ != seen_news_);
}

base::Task<> Relay::Pipeline::read() {
  seen_news_ = news_;
  const Stretch next{last_id_, batch, env_.clock.wall().time_since_epoch().count()};
  auto portion = co_await store_.read(next);
  if (portion) {
    take(std::move(portion).value());
  } else {
    ended_.error = portion.error();
    is_ending_ = true;
  }
}

void Relay::Pipeline::take(Portion portion) {
  has_more_ = !portion.reached_end && !portion.is_held_back;
  if (portion.must_wait) is_ending_ = true;
  if (portion.lease.owner != owner_) {
    ended_.has_lease = false;
    is_ending_ = true;
  } else if (!portion.rows.empty()) {
    last_id_ = portion.rows.back().id;
    launch(std::move(portion.rows));
  }
}

void Relay::Pipeline::launch(std::vector<Waiting> rows) {
  auto wave = std::make_shared<Wave>();
  std::vector<broker::Message> messages;
  messages.reserve(rows.size());
  wave->is_quiet = !asks_each_ && env_.clock.monotonic() >= asks_each_until_;
  if (waves_.empty()) newest_id_.clear();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto message = rows[i].take_message();
    wave->bytes += message.body.size();
    message.after = std::exchange(newest_id_, message.id);
    message.is_quiet = wave->is_quiet && is_inside(i, rows.size());
    messages.push_back(std::move(message));
  }
  wave->rows = std::move(rows);
  unsettled_ += wave->rows.size();
  bytes_ += wave->bytes;
  waves_.push_back(wave);
  env_.scheduler.spawn(publish(std::move(wave), std::move(messages)));
}

base::Task<> Relay::Pipeline::publish(std::shared_ptr<Wave> wave, std::vector<broker::Message> messages) {
  wave->answers = co_await broker_.publish(env_.clock.monotonic() + answer_patience, std::move(messages));
  signal_->set();
}

// In the order in which they were published.
void Relay::Pipeline::collect() {
  while (!waves_.empty() && waves_.front()->answers) {
    auto& wave = *waves_.front();
    unsettled_ -= wave.rows.size();
    bytes_ -= wave.bytes;
    const auto is_new = [](const auto& answer) { return answer && !answer.value().is_repetition; };
    if (std::all_of(wave.answers->begin(), wave.answers->end(), is_new)) asks_each_ = false;
    for (std::size_t i = 0; i < wave.rows.size(); ++i) {
      judge(wave.rows[i], wave.answers->at(i), wave.is_quiet && is_inside(i, wave.rows.size()));
    }
    waves_.pop_front();
  }
}

void Relay::Pipeline::judge(Waiting& row, const base::Result<broker::Stored>& answer, bool is_quiet) {
  if (!answer) {
    is_ending_ = asks_each_ = true;
    if (!ended_.failed) {
      ended_.failed = Failed{std::move(row), answer.error(), !is_quiet};
    } else if (answer.error().code == base::ErrorCode::conflict) {
      ended_.broker_answers = true;
    }
    return;
  }
  const auto sequence = static_cast<std::int64_t>(answer.value().sequence);
  // A new one stands behind all that were acknowledged, unless the stream's end was lost.
  if (!answer.value().is_repetition && sequence <= newest_sequence_) {
    ended_.lost_above = std::min(ended_.lost_above.value_or(sequence - 1), sequence - 1);
    is_ending_ = true;
  }
  newest_sequence_ = std::max(newest_sequence_, sequence);
  acknowledged_.push_back({row.id, sequence});
  ++unsettled_;
}

// One portion at a time; what is acknowledged meanwhile shares the next commit.
void Relay::Pipeline::write_down() {
  if (!may_write()) {
    unsettled_ -= acknowledged_.size();
    acknowledged_.clear();
  }
  const bool is_due = acknowledged_.size() >= rows_at_once || waves_.empty() || env_.clock.monotonic() >= write_at_;
  if (is_writing_ || acknowledged_.empty() || !is_due) return;
  const auto count = static_cast<std::ptrdiff_t>(std::min(acknowledged_.size(), rows_at_once));
  Settlement settlement{{acknowledged_.begin(), acknowledged_.begin() + count}, {}};
  acknowledged_.erase(acknowledged_.begin(), acknowledged_.begin() + count);
  is_writing_ = true;
  env_.scheduler.spawn(settle(std::move(settlement)));
}

base::Task<> Relay::Pipeline::settle(Settlement settlement) {
  const auto rows = settlement.sent.size();
  const auto done = co_await store_.settle(owner_, std::move(settlement));
  unsettled_ -= rows;
  is_writing_ = false;
  write_at_ = env_.clock.monotonic() + mark_within;
  if (done && done.value()) {
    ended_.sent += static_cast<int>(rows);
    env_.metrics.count("outbox_published_total", "Events acknowledged by the broker", {}, static_cast<double>(rows));
  } else {
    is_ending_ = true;
    if (done) ended_.has_lease = false;
    if (!done) ended_.error = done.error();
  }
  signal_->set();
}

}  // namespace chassis::outbox
