#pragma once
// The idempotency ledger, which is the inbox as well: a request with an Idempotency-Key, a gRPC call with one, or an
// event has its effect once, however often it comes. One table, one code path for all three: once().
//
//   Ledger ledger(env, database);
//   api.remember_in(ledger);  consumer.remember_in(ledger);
//   env.scheduler.spawn(ledger.run());
//
// The entry is written by keep() in the transaction of the business change, never before it and never after: so what
// was rolled back is not remembered, and what was committed is. A store calls it beside its own statements:
//
//   TRY(chassis::ledger::keep(tx, context, answer));
//
// Semantics of keys as in draft-ietf-httpapi-idempotency-key-header: the same key and request get the same answer,
// errors that would come again included; the same key with another request is invalid; one that is still being worked
// on is a conflict. Errors that may pass (unavailable, timeout, internal) are not remembered.

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/call/context.hpp"
#include "services/chassis/db/database.hpp"
#include "services/chassis/env/environment.hpp"

namespace chassis {

namespace ledger {

// Adds the claim that travels in `context`, with the answer that a repetition is to get, to the transaction. Does
// nothing when the work has no key. Once per piece of work. Errors: conflict when it was done already (in another
// process, or when the answer was lost on its way): the transaction is to be rolled back, and once() gives the answer
// of then.
base::Result<void> keep(db::Transaction& tx, const CallContext& context, const base::Json& answer = {});

// What came: within `scope` the key means one piece of work.
struct Key {
  std::string scope;        // the full name of the method, or `event order.placed`
  std::string key;          // 1 to 255 characters
  std::string fingerprint;  // of the request; another one under the same key is refused
  std::chrono::hours keep_for{24};
  bool keeps_errors = true;  // else what failed may be tried again
};

struct Outcome {
  base::Result<base::Json> answer;
  bool is_replayed = false;  // it is the answer of an earlier time
};

using Work = std::function<base::Task<base::Result<base::Json>>(CallContext)>;

}  // namespace ledger

// Thread-safe.
class Ledger {
 public:
  // Both are lent for its life.
  Ledger(Environment& env, db::Database& database);

  // Runs `work`, unless what the key names was done before. The work's context carries the claim; when it succeeds
  // without having kept it, the entry is written here: right for work that changed nothing.
  base::Task<ledger::Outcome> once(CallContext context, ledger::Key key, ledger::Work work);

  // Removes entries that are past their time, until shutdown is requested. Spawn it once.
  base::Task<> run();

  static constexpr std::chrono::minutes sweep{1};

 private:
  class InFlight;
  base::Task<ledger::Outcome> try_once(CallContext context, const ledger::Key& key, const ledger::Work& work);
  base::Task<base::Result<std::unique_ptr<ledger::Outcome>>> find(const CallContext& context, const ledger::Key& key);
  base::Task<base::Result<void>> keep_alone(const CallContext& context, base::Json entry);
  void count(const ledger::Key& key, const std::string& outcome);

  Environment& env_;
  db::Database& database_;
  std::mutex mutex_;
  std::set<std::pair<std::string, std::string>> in_flight_;  // scope and key
};

}  // namespace chassis
