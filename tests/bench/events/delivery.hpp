#pragma once
// From one service's commit to another one's: a business transaction with an event, relay, NATS, and a consumer whose
// handler commits its effect together with the ledger's entry. Two services with a thread, a file of SQLite and a
// connection to the broker each, in one process, so that one clock serves both. Beside it, in turn, a publication and
// its receipt by the client library alone.

#include <atomic>
#include <memory>
#include <string>

#include "services/chassis/consumer/consumer.hpp"
#include "services/chassis/db/sqlite/temp_folder.hpp"
#include "services/chassis/ledger/ledger.hpp"
#include "services/chassis/outbox/outbox.hpp"
#include "tests/bench/events/raw.hpp"
#include "tests/bench/events/world.hpp"

namespace bench {

class Delivery {
 public:
  Delivery(const std::string& url, Raw& raw, const std::string& body);

  // {"raw", "commit_to_commit"}: quantiles in ms; {"burst"}: many events of one commit, a second.
  base::Json run();

 private:
  static base::Task<base::Result<void>> handle(Delivery& self, chassis::CallContext context,
                                               chassis::consumer::Event event, base::Json data);
  base::Task<> consume();
  base::Task<> publish();
  base::Task<> one_at_a_time(chassis::outbox::Relay& relay);
  base::Task<> burst(chassis::outbox::Relay& relay);
  base::Task<> place_orders(chassis::outbox::Relay& relay, int first, int last);
  base::Task<> until_handled(int count);

  Raw& raw_;
  const std::string url_;
  const std::string body_;
  chassis::db::TempFolder folder_;
  World shop_{"bookshop"};
  World mailer_{"mailer"};
  std::unique_ptr<chassis::db::Database> orders_;
  std::unique_ptr<chassis::db::Database> mails_;
  base::Json told_;
  Clock::time_point placed_at_;
  std::atomic<int> handled_ = 0;  // how many; handled_at_ belongs to the last one
  std::atomic<Clock::time_point> handled_at_{};
};

}  // namespace bench
