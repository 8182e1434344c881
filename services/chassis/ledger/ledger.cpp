#include "services/chassis/ledger/ledger.hpp"

#include <optional>

#include "services/chassis/ledger/claim.hpp"
#include "services/chassis/rpc/status.hpp"

namespace chassis {
namespace ledger {
namespace {

using base::ErrorCode;

std::int64_t milliseconds_of(base::Wall wall) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(wall.time_since_epoch()).count();
}

base::Json entry_of(const base::Json& answer) { return {{"answer", answer}}; }

base::Json entry_of(const base::Error& error) {
  base::Json fields = base::Json::array();
  for (const auto& [field, message] : error.fields) fields.push_back({field, message});
  return {{"error", rpc::code_name(error.code)}, {"message", error.message}, {"fields", std::move(fields)}};
}

base::Result<base::Json> answer_of(const base::Json& entry) {
  if (const auto answer = entry.find("answer"); answer != entry.end()) return *answer;
  base::Error error = base::fail(ErrorCode::internal, entry.value("message", std::string("an earlier failure")));
  error.code = rpc::code_from_name(entry.value("error", std::string())).value_or(ErrorCode::internal);
  if (const auto fields = entry.find("fields"); fields != entry.end()) {
    for (const auto& field : *fields) error.fields.push_back({field.at(0), field.at(1)});
  }
  return error;
}

// Whether the same request will end in the same error.
bool is_final(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed:
    case ErrorCode::invalid:
    case ErrorCode::not_found:
    case ErrorCode::method:
    case ErrorCode::conflict:
    case ErrorCode::too_large:
    case ErrorCode::unsupported:
    case ErrorCode::permission:
      return true;
    case ErrorCode::timeout:
    case ErrorCode::unavailable:
    case ErrorCode::bad_gateway:
    case ErrorCode::cancelled:
    case ErrorCode::internal:
      return false;
  }
  return false;
}

base::Error still_in_flight() {
  base::Error error = base::fail(ErrorCode::conflict, "a request with this Idempotency-Key is still being worked on");
  error.retry_after = std::chrono::seconds(1);
  return error;
}

base::Error other_request() {
  base::Error error = base::fail(ErrorCode::invalid, "this Idempotency-Key was used for another request");
  error.fields.push_back({"Idempotency-Key", "was used for another request"});
  return error;
}

}  // namespace

Claim::Claim(Key key, std::int64_t now_ms) : key_(std::move(key)), now_ms_(now_ms) {}

// An entry past its time is as good as none; both databases decide that in the one statement that adds the new one.
base::Result<void> Claim::write(db::Transaction& tx, const base::Json& entry) {
  const auto expires = now_ms_ + std::chrono::duration_cast<std::chrono::milliseconds>(key_.keep_for).count();
  TRY(const auto added,
      tx.exec("INSERT INTO ledger (scope, key, fingerprint, entry, expires_at) VALUES ($1, $2, $3, $4, $5)"
              " ON CONFLICT (scope, key) DO UPDATE SET fingerprint = excluded.fingerprint, entry = excluded.entry,"
              " expires_at = excluded.expires_at WHERE ledger.expires_at <= $6",
              {key_.scope, key_.key, key_.fingerprint, base::dump_json(entry), expires, now_ms_}));
  if (added.changed == 0) {
    is_lost_ = true;
    return base::fail(ErrorCode::conflict, "this was done already");
  }
  is_kept_ = true;
  return base::success();
}

base::Result<void> keep(db::Transaction& tx, const CallContext& context, const base::Json& answer) {
  if (!context.claim) return base::success();
  return context.claim->write(tx, entry_of(answer));
}

}  // namespace ledger

using ledger::Claim;
using ledger::Key;
using ledger::Outcome;
using ledger::Work;

// Holds the key while its work goes on in this process.
class Ledger::InFlight {
 public:
  InFlight(Ledger& ledger, const Key& key) : ledger_(ledger) {
    const std::lock_guard lock(ledger_.mutex_);
    const auto [at, is_first] = ledger_.in_flight_.emplace(key.scope, key.key);
    if (is_first) mine_ = at;
  }
  InFlight(const InFlight&) = delete;
  ~InFlight() {
    const std::lock_guard lock(ledger_.mutex_);
    if (mine_) ledger_.in_flight_.erase(*mine_);
  }
  bool is_first() const { return mine_.has_value(); }

 private:
  Ledger& ledger_;
  std::optional<std::set<std::pair<std::string, std::string>>::iterator> mine_;
};

Ledger::Ledger(Environment& env, db::Database& database) : env_(env), database_(database) {}

base::Task<Outcome> Ledger::once(CallContext context, Key key, Work work) {
  const InFlight in_flight(*this, key);
  if (!in_flight.is_first()) {
    count(key, "in_flight");
    Outcome refused{ledger::still_in_flight(), false};
    co_return refused;
  }
  auto outcome = co_await try_once(std::move(context), key, work);
  count(key, outcome.is_replayed ? "replayed" : outcome.answer ? "done" : "failed");
  co_return outcome;
}

base::Task<Outcome> Ledger::try_once(CallContext context, const Key& key, const Work& work) {
  auto before = co_await find(context, key);
  if (!before) {
    Outcome failed{std::move(before).error(), false};
    co_return failed;
  }
  if (before.value()) co_return std::move(*before.value());

  const auto claim = std::make_shared<Claim>(key, ledger::milliseconds_of(env_.clock.wall()));
  context.claim = claim;
  auto answer = co_await work(context);
  const bool is_over = answer ? !claim->is_kept() : key.keeps_errors && ledger::is_final(answer.error().code);
  if (is_over && !claim->is_lost()) {
    base::Json entry = answer ? ledger::entry_of(answer.value()) : ledger::entry_of(answer.error());
    auto kept = co_await keep_alone(context, std::move(entry));
    if (!kept && answer) answer = std::move(kept).error();
  }
  if (claim->is_lost()) {  // another process was faster, or an attempt whose answer never came was committed after all
    auto stored = co_await find(context, key);
    if (stored && stored.value()) co_return std::move(*stored.value());
    Outcome unknown{stored ? ledger::still_in_flight() : std::move(stored).error(), false};
    co_return unknown;
  }
  Outcome outcome{std::move(answer), false};
  co_return outcome;
}

base::Task<base::Result<std::unique_ptr<Outcome>>> Ledger::find(const CallContext& context, const Key& key) {
  const auto now = ledger::milliseconds_of(env_.clock.wall());
  std::function<base::Result<db::Rows>(db::Transaction&)> look = [key, now](db::Transaction& tx) {
    return tx.exec("SELECT fingerprint, entry FROM ledger WHERE scope = $1 AND key = $2 AND expires_at > $3",
                   {key.scope, key.key, now});
  };
  CO_TRY(const auto found, co_await database_.read(context.deadline, std::move(look)));
  if (found.rows.empty()) co_return std::unique_ptr<Outcome>();
  const auto& row = found.rows.front();
  if (row.text(0) != key.fingerprint) {
    Outcome refused{ledger::other_request(), false};
    co_return std::make_unique<Outcome>(std::move(refused));
  }
  CO_TRY(const auto entry, base::parse_json(row.text(1)));
  Outcome replayed{ledger::answer_of(entry), true};
  co_return std::make_unique<Outcome>(std::move(replayed));
}

base::Task<base::Result<void>> Ledger::keep_alone(const CallContext& context, base::Json entry) {
  db::Work write = [claim = context.claim, entry = std::move(entry)](db::Transaction& tx) {
    return claim->write(tx, entry);
  };
  co_return co_await database_.write(context.deadline, std::move(write));
}

void Ledger::count(const Key& key, const std::string& outcome) {
  env_.metrics.count("ledger_claims_total", "Requests with a key and events, by what became of them",
                     {{"scope", key.scope}, {"outcome", outcome}});
}

base::Task<> Ledger::run() {
  const auto signal = env_.scheduler.make_signal();
  while (!env_.scheduler.shutting_down()) {
    const auto now = ledger::milliseconds_of(env_.clock.wall());
    // In portions, so that no other writer waits for long.
    std::function<base::Result<std::int64_t>(db::Transaction&)> reap =
        [now](db::Transaction& tx) -> base::Result<std::int64_t> {
      TRY(const auto gone, tx.exec("DELETE FROM ledger WHERE (scope, key) IN"
                                   " (SELECT scope, key FROM ledger WHERE expires_at <= $1 LIMIT 1000)",
                                   {now}));
      return gone.changed;
    };
    const auto reaped = co_await database_.write(env_.clock.monotonic() + std::chrono::seconds(5), std::move(reap));
    const bool has_more = reaped && reaped.value() >= 1000;
    const auto wait = std::chrono::milliseconds(sweep);
    const auto jitter = std::chrono::milliseconds(env_.random.below(static_cast<std::uint32_t>(wait.count() / 2)));
    co_await signal->wait(has_more ? std::chrono::milliseconds(10) : wait * 3 / 4 + jitter);
  }
}

}  // namespace chassis
