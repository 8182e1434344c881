#pragma once
// Publishing without a pause for answers, for an outbox in which nothing must wait: rows go out in the order in which
// they were written, several waves of them on their way, and what was acknowledged is written down beside that.
//
// Order is the broker's work: each row that follows one without an answer is stored only directly behind that one
// (Message::after). So when one is not taken, for whatever reason, none behind it is, and a run ends: it waits for all
// that is on its way, writes down what was acknowledged and tells which row was the first. The next run begins there.
// For the same reason most rows need no answer of their own (Message::is_quiet). After a failure, and for a while when
// messages of somebody else may be on their way, each is asked for, until a wave was stored anew as a whole.
// Internal to outbox; one run at a time, all on one thread.

#include <atomic>
#include <deque>
#include <optional>

#include "services/chassis/outbox/outbox.hpp"
#include "services/chassis/outbox/store.hpp"

namespace chassis::outbox {

class Relay::Pipeline {
 public:
  // Borrows all arguments.
  Pipeline(Environment& env, Store& store, broker::Broker& broker);

  // Something was committed: a run reads on. Thread-safe.
  void wake();
  // How often that was said.
  std::uint64_t news() const { return news_; }

  // Asks for each answer for some seconds: there may be messages on their way that this relay does not know of.
  void doubt();

  struct Failed {
    Waiting row;
    base::Error error;
    bool is_certain = true;  // false: it was quiet, and may be stored
  };
  struct Ended {
    int sent = 0;                            // acknowledged and written down
    bool has_lease = true;                   // false: somebody else has it, and no more was written down
    std::optional<base::Error> error;        // of the database
    std::optional<Failed> failed;            // the first row that the broker did not take
    bool broker_answers = false;             // it did answer what came behind that one
    std::optional<std::int64_t> lost_above;  // the stream turned out to end there; the rest was not written down
  };

  struct Start {
    Portion first;                  // as it was read
    std::string owner;              // who has the lease
    std::uint64_t connections = 0;  // the broker's when the end of its stream was looked at
    std::uint64_t news = 0;         // as of before it was read
  };
  // Publishes that portion and what is behind it, until nothing is left, something must wait or fails, or some seconds
  // have passed.
  base::Task<Ended> run(Start start);

 private:
  struct Wave;

  void take(Portion portion);
  void launch(std::vector<Waiting> rows);
  base::Task<> publish(std::shared_ptr<Wave> wave, std::vector<broker::Message> messages);
  void collect();
  void judge(Waiting& row, const base::Result<broker::Stored>& answer, bool is_quiet);
  void write_down();
  base::Task<> settle(Settlement settlement);
  bool may_read();
  base::Task<> read();
  bool is_over() const { return waves_.empty() && acknowledged_.empty() && !is_writing_; }
  bool may_write() const { return ended_.has_lease && !ended_.error && !ended_.lost_above; }

  Environment& env_;
  Store& store_;
  broker::Broker& broker_;
  const std::unique_ptr<Signal> signal_;
  std::atomic<std::uint64_t> news_ = 0;
  bool asks_each_ = false;  // for its answer
  base::Monotonic asks_each_until_{};

  // Of one run.
  Ended ended_;
  std::string owner_;
  std::uint64_t connections_ = 0;
  base::Monotonic until_{};
  base::Monotonic write_at_{};               // what is acknowledged by then is written down
  std::deque<std::shared_ptr<Wave>> waves_;  // on their way, oldest first
  std::vector<Sent> acknowledged_;           // not written down yet
  std::size_t unsettled_ = 0;                // rows that are on their way or acknowledged
  std::size_t bytes_ = 0;                    // of the waves on their way
  std::string newest_id_;                    // of what was published last
  std::int64_t newest_sequence_ = 0;         // the highest that was acknowledged
  std::int64_t last_id_ = 0;                 // of the rows that were read
  std::uint64_t seen_news_ = 0;
  bool has_more_ = false;   // behind last_id_, as of the last reading
  bool is_ending_ = false;  // nothing more is read
  bool is_writing_ = false;
};

}  // namespace chassis::outbox
