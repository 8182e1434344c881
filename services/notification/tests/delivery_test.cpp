// Exactly once into the mailbox, at least once out of it: what happens when somebody dies in between, and what the
// inbox is good for.
#include "services/notification/tests/notification_fixture.hpp"

namespace notification_service {
namespace {

using namespace std::chrono_literals;
namespace db = chassis::db;

// One database for whoever opens it, of which writes can be lost, as when the process is killed before a commit.
class OneDatabase final : public db::Databases {
 public:
  explicit OneDatabase(db::Databases& inner) : inner_(inner) {}

  base::Result<std::unique_ptr<db::Database>> open(const std::string& url,
                                                   const std::vector<db::Migration>& migrations) override {
    if (!database) {
      TRY(database, inner_.open(url, migrations));
    }
    return std::unique_ptr<db::Database>(std::make_unique<Lent>(*this));
  }

  std::unique_ptr<db::Database> database;
  int writes_left = -1;  // below 0: all

 private:
  class Lent final : public db::Database {
   public:
    explicit Lent(OneDatabase& owner) : owner_(owner) {}
    base::Task<base::Result<void>> write(base::Monotonic deadline, db::Work work) override {
      if (owner_.writes_left == 0) co_return base::fail(base::ErrorCode::unavailable, "killed");
      if (owner_.writes_left > 0) --owner_.writes_left;
      co_return co_await owner_.database->write(deadline, std::move(work));
    }
    base::Task<base::Result<void>> read(base::Monotonic deadline, db::Work work) override {
      return owner_.database->read(deadline, std::move(work));
    }
    base::Task<base::Result<void>> ping(base::Monotonic deadline) override { return owner_.database->ping(deadline); }

   private:
    OneDatabase& owner_;
  };

  db::Databases& inner_;
};

class Delivery : public NotificationFixture {
 protected:
  Delivery() : NotificationFixture(false), databases(world.databases) {
    env.emplace(chassis::Environment{world.config, world.clock, world.random, world.scheduler, world.http, world.rpc,
                                     databases, world.brokers, world.log, world.metrics, world.lifecycle});
    world.start([this](chassis::Environment& /*its own*/) { return run(*env); });
    world.advance(100ms);
  }
  ~Delivery() override { world.stop(); }

  void forget_events() {
    db::Work work = [](db::Transaction& tx) -> base::Result<void> {
      TRY(tx.exec("DELETE FROM ledger"));
      return base::success();
    };
    const auto done = world.ask(databases.database->write(world.clock.monotonic() + 1s, std::move(work)));
    ASSERT_TRUE(done && *done);
  }
  // As whoever sends the mails on does. Returns the Message-ID of the only one.
  std::string take() {
    const auto files = delivered();
    EXPECT_EQ(files.size(), 1U);
    if (files.empty()) return {};
    std::filesystem::remove(spool.path() / "mail" / "new" / files.begin()->first);
    return files.begin()->first;
  }

  OneDatabase databases;
  std::optional<chassis::Environment> env;
};

TEST_F(Delivery, TheInboxKeepsTheSecondOneOut) {
  orders.confirm("o-1");
  orders.confirm("o-1");
  world.advance(1s);
  EXPECT_EQ(mails().size(), 1U);
}

// When this fails, something beside the inbox hides that it is missing.
TEST_F(Delivery, NothingButTheInboxKeepsItOut) {
  orders.confirm("o-1");
  world.advance(1s);
  forget_events();
  orders.confirm("o-1");
  world.advance(1s);
  const auto both = mails();
  ASSERT_EQ(both.size(), 2U);
  EXPECT_NE(both[0]["message_id"], both[1]["message_id"]);
}

TEST_F(Delivery, AMailThatWasNotCommittedIsKeptWhenItsEventComesAgain) {
  databases.writes_left = 0;
  orders.confirm("o-1");
  world.advance(100ms);
  EXPECT_EQ(mails().size(), 0U);
  databases.writes_left = -1;
  world.advance(3s);
  EXPECT_EQ(mails().size(), 1U);
}

TEST_F(Delivery, AMailThatWasDeliveredIsNotDeliveredAgain) {
  orders.confirm("o-1");
  world.advance(1s);
  take();
  world.advance(1h);
  EXPECT_TRUE(delivered().empty());
}

TEST_F(Delivery, ACrashAfterTheDeliverySendsTheSameMessageIdAgain) {
  databases.writes_left = 2;  // to keep the mail and to take it out; that it was delivered is lost
  orders.confirm("o-1");
  world.advance(100ms);
  const auto first = take();
  ASSERT_EQ(mails().size(), 1U);
  EXPECT_EQ(mails().front()["delivered_at"], "");
  databases.writes_left = -1;
  world.advance(1800ms);
  EXPECT_TRUE(delivered().empty()) << "not before its pause";
  world.advance(2s);
  EXPECT_EQ(take(), first);
  EXPECT_NE(mails().front()["delivered_at"], "");
  world.advance(1h);
  EXPECT_TRUE(delivered().empty());
}

TEST_F(Delivery, WhatCannotBeTakenOutIsDeliveredLater) {
  databases.writes_left = 1;  // to keep the mail
  orders.confirm("o-1");
  world.advance(5s);
  EXPECT_EQ(mails().size(), 1U);
  EXPECT_TRUE(delivered().empty());
  databases.writes_left = -1;
  world.advance(1s);
  EXPECT_EQ(delivered().size(), 1U);
}

TEST_F(Delivery, ManyAreDeliveredAtOnce) {
  for (int i = 0; i < 80; ++i) orders.confirm("o-" + std::to_string(i));
  world.advance(500ms);
  EXPECT_EQ(delivered().size(), 80U);
}

}  // namespace
}  // namespace notification_service
