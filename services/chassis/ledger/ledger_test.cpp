// The ledger on fakes: what is done once, what is remembered and for how long, and what a failure between the steps
// leaves behind.
#include "services/chassis/ledger/ledger.hpp"

#include <gtest/gtest.h>

#include "services/chassis/ledger/table.hpp"
#include "services/chassis/testing/fake_environment.hpp"

namespace chassis {
namespace {

using namespace std::chrono_literals;
using base::ErrorCode;
using testing::FakeEnvironment;

Config config() {
  Config config;
  config.name = config.instance = "order-service";
  config.ports = {{"http", 8082}};
  return config;
}

constexpr const char* effects_sql = "CREATE TABLE effects (id INTEGER PRIMARY KEY, name TEXT NOT NULL);";

class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() : world(config()) {
    const std::vector<db::Migration> migrations{{1, "ledger", std::string(ledger::table_sql())},
                                                {2, "effects", effects_sql}};
    database = world.databases.open("sqlite::memory:", migrations).value();
    ledger = std::make_unique<Ledger>(world.env, *database);
    context.deadline = world.clock.monotonic() + 10s;
    context.request_id = "r";
  }
  ~LedgerTest() override { world.stop(); }

  static ledger::Key key(const std::string& name, const std::string& fingerprint = "f") {
    return {"shop.Orders/Place", name, fingerprint};
  }

  // Work with an effect in the transaction that keeps the claim.
  ledger::Work effect(const std::string& answer) {
    return [this, answer](CallContext inner) { return insert(std::move(inner), answer); };
  }
  base::Task<base::Result<base::Json>> insert(CallContext inner, std::string answer) {
    ++runs;
    if (slow.count() > 0) co_await world.scheduler.sleep(slow);
    db::Work work = [inner, answer](db::Transaction& tx) -> base::Result<void> {
      TRY(tx.exec("INSERT INTO effects (name) VALUES ($1)", {answer}));
      return ledger::keep(tx, inner, answer);
    };
    CO_TRY(co_await database->write(inner.deadline, std::move(work)));
    if (after) co_return *after;
    co_return base::Json(answer);
  }
  base::Task<base::Result<base::Json>> seen_late() {
    co_await world.scheduler.sleep(50ms);
    co_return base::Json("late");
  }
  ledger::Work failing(base::Error error) {
    return [this, error](CallContext) { return fail_with(error); };
  }
  base::Task<base::Result<base::Json>> fail_with(base::Error error) {
    ++runs;
    co_return error;
  }

  ledger::Outcome once(ledger::Key what, ledger::Work work) {
    auto outcome = world.ask(ledger->once(context, std::move(what), std::move(work)));
    EXPECT_TRUE(outcome.has_value());
    return std::move(*outcome);
  }

  base::Task<> begin(ledger::Work work, std::optional<ledger::Outcome>& into) {
    auto outcome = co_await ledger->once(context, key("a"), std::move(work));
    into.emplace(std::move(outcome));
  }

  std::int64_t number(const std::string& sql) {
    std::int64_t count = -1;
    db::Work work = [&](db::Transaction& tx) -> base::Result<void> {
      TRY(const auto rows, tx.exec(sql));
      count = rows.rows.front().integer(0);
      return base::success();
    };
    const auto done = world.ask(database->read(world.clock.monotonic() + 1s, std::move(work)));
    EXPECT_TRUE(done && *done);
    return count;
  }
  std::int64_t effects() { return number("SELECT count(*) FROM effects"); }
  std::int64_t entries() { return number("SELECT count(*) FROM ledger"); }

  FakeEnvironment world;
  std::unique_ptr<db::Database> database;
  std::unique_ptr<Ledger> ledger;
  CallContext context;
  int runs = 0;
  std::chrono::milliseconds slow{0};
  std::optional<base::Error> after;  // what the work says although its transaction was committed
};

TEST_F(LedgerTest, DoesOnceWhatComesTwice) {
  const auto first = once(key("a"), effect("one"));
  EXPECT_EQ(first.answer.value(), "one");
  EXPECT_FALSE(first.is_replayed);
  const auto second = once(key("a"), effect("two"));
  EXPECT_EQ(second.answer.value(), "one");
  EXPECT_TRUE(second.is_replayed);
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(effects(), 1);
}

TEST_F(LedgerTest, TellsKeysAndScopesApart) {
  once(key("a"), effect("one"));
  once(key("b"), effect("two"));
  auto other = key("a");
  other.scope = "shop.Orders/Cancel";
  EXPECT_EQ(once(other, effect("three")).answer.value(), "three");
  EXPECT_EQ(effects(), 3);
}

TEST_F(LedgerTest, RefusesTheKeyOfAnotherRequest) {
  once(key("a"), effect("one"));
  const auto refused = once(key("a", "other"), effect("two"));
  ASSERT_FALSE(refused.answer);
  EXPECT_EQ(refused.answer.error().code, ErrorCode::invalid);
  EXPECT_EQ(refused.answer.error().fields.front().field, "Idempotency-Key");
  EXPECT_FALSE(refused.is_replayed);
  EXPECT_EQ(effects(), 1);
}

TEST_F(LedgerTest, SaysWhileItIsStillWorkedOn) {
  slow = 50ms;
  std::optional<ledger::Outcome> first;
  world.scheduler.spawn(begin(effect("one"), first));
  world.settle();
  const auto refused = once(key("a"), effect("two"));
  EXPECT_EQ(refused.answer.error().code, ErrorCode::conflict);
  EXPECT_TRUE(refused.answer.error().retry_after);
  world.advance(60ms);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->answer.value(), "one");
  EXPECT_TRUE(once(key("a"), effect("two")).is_replayed);
}

TEST_F(LedgerTest, GivesTheSameErrorAgainWhenItWouldComeAgain) {
  base::Error error = base::fail(ErrorCode::invalid, "items: must not be empty");
  error.fields.push_back({"items", "must not be empty"});
  once(key("a"), failing(error));
  const auto again = once(key("a"), effect("one"));
  ASSERT_FALSE(again.answer);
  EXPECT_TRUE(again.is_replayed);
  EXPECT_EQ(again.answer.error().code, ErrorCode::invalid);
  EXPECT_EQ(again.answer.error().message, error.message);
  EXPECT_EQ(again.answer.error().fields.front().field, "items");
  EXPECT_EQ(effects(), 0);
}

TEST_F(LedgerTest, ForgetsErrorsThatMayPass) {
  for (const auto code : {ErrorCode::unavailable, ErrorCode::timeout, ErrorCode::internal, ErrorCode::cancelled}) {
    EXPECT_FALSE(once(key("a"), failing(base::fail(code, "later"))).answer);
  }
  EXPECT_EQ(entries(), 0);
  EXPECT_EQ(once(key("a"), effect("one")).answer.value(), "one");
}

TEST_F(LedgerTest, KeepsNoErrorsOfEvents) {
  auto event = key("a");
  event.keeps_errors = false;
  once(event, failing(base::fail(ErrorCode::not_found, "not yet")));
  EXPECT_EQ(once(event, effect("one")).answer.value(), "one");
}

// The transaction was committed, but whoever asked heard an error: the next attempt must not do it again.
TEST_F(LedgerTest, KnowsWhatWasCommittedBeforeTheAnswerWasLost) {
  after = base::fail(ErrorCode::unavailable, "the connection was lost");
  EXPECT_FALSE(once(key("a"), effect("one")).answer);
  after.reset();
  const auto again = once(key("a"), effect("two"));
  EXPECT_EQ(again.answer.value(), "one");
  EXPECT_TRUE(again.is_replayed);
  EXPECT_EQ(effects(), 1);
}

// Another process with the same database was faster between our look and our commit.
TEST_F(LedgerTest, GivesTheAnswerOfTheProcessThatWasFaster) {
  Ledger other(world.env, *database);
  slow = 50ms;
  std::optional<ledger::Outcome> late;
  world.scheduler.spawn(begin(effect("late"), late));
  world.settle();
  slow = 0ms;
  const auto fast = world.ask(other.once(context, key("a"), effect("fast")));
  ASSERT_TRUE(fast);
  EXPECT_EQ(fast->answer.value(), "fast");
  world.advance(60ms);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->answer.value(), "fast");
  EXPECT_TRUE(late->is_replayed);
  EXPECT_EQ(effects(), 1);  // the late one was rolled back
}

// The same for work that keeps nothing itself, so that its entry is written after it.
TEST_F(LedgerTest, GivesTheAnswerOfTheFasterProcessAlsoWhenNothingChanged) {
  Ledger other(world.env, *database);
  const auto slowly = [this](CallContext) -> base::Task<base::Result<base::Json>> { return seen_late(); };
  std::optional<ledger::Outcome> late;
  world.scheduler.spawn(begin(slowly, late));
  world.settle();
  const auto fast = world.ask(other.once(context, key("a"), effect("fast")));
  ASSERT_TRUE(fast);
  world.advance(60ms);
  ASSERT_TRUE(late && late->answer);
  EXPECT_EQ(late->answer.value(), "fast");
  EXPECT_TRUE(late->is_replayed);
}

TEST_F(LedgerTest, RemembersWorkThatChangedNothing) {
  const auto nothing = [](CallContext) -> base::Task<base::Result<base::Json>> { co_return base::Json("seen"); };
  once(key("a"), nothing);
  EXPECT_TRUE(once(key("a"), effect("one")).is_replayed);
  EXPECT_EQ(effects(), 0);
}

TEST_F(LedgerTest, ForgetsWhenTheTimeIsOver) {
  once(key("a"), effect("one"));
  world.advance(24h - 1s);
  context.deadline = world.clock.monotonic() + 10s;
  EXPECT_TRUE(once(key("a"), effect("two")).is_replayed);
  world.advance(1s);
  context.deadline = world.clock.monotonic() + 10s;
  const auto anew = once(key("a", "other"), effect("two"));  // the old entry is still in the table
  EXPECT_EQ(anew.answer.value(), "two");
  EXPECT_FALSE(anew.is_replayed);
  EXPECT_EQ(effects(), 2);
}

TEST_F(LedgerTest, RemovesOnlyWhatIsPastItsTime) {
  once(key("a"), effect("one"));
  auto longer = key("b");
  longer.keep_for = 48h;
  once(longer, effect("two"));
  world.scheduler.spawn(ledger->run());
  world.settle();
  EXPECT_EQ(entries(), 2);
  for (int i = 0; i < 26; ++i) world.advance(1h);
  EXPECT_EQ(entries(), 1);
  EXPECT_EQ(number("SELECT count(*) FROM ledger WHERE key = 'b'"), 1);
}

TEST_F(LedgerTest, DoesNothingForWorkWithoutAKey) {
  db::Work work = [this](db::Transaction& tx) { return ledger::keep(tx, context, "x"); };
  const auto done = world.ask(database->write(context.deadline, std::move(work)));
  EXPECT_TRUE(done && *done);
  EXPECT_EQ(entries(), 0);
}

TEST_F(LedgerTest, ADatabaseThatIsAwayIsNoLicenceToDoItTwice) {
  context.deadline = world.clock.monotonic() - 1s;
  const auto late = once(key("a"), effect("one"));
  ASSERT_FALSE(late.answer);
  EXPECT_EQ(late.answer.error().code, ErrorCode::timeout);
  EXPECT_EQ(runs, 0);
}

}  // namespace
}  // namespace chassis
