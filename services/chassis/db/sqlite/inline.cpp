#include "services/chassis/db/sqlite/inline.hpp"

#include <optional>

#include "services/chassis/db/sqlite/migrate.hpp"
#include "services/chassis/db/sqlite/sqlite.hpp"
#include "services/chassis/db/sqlite/transactions.hpp"

namespace chassis::db {
namespace {

using base::Monotonic;
using base::Result;

class Inline final : public Database {
 public:
  Inline(const base::Clock& clock, std::unique_ptr<Connection> connection)
      : clock_(clock), connection_(std::move(connection)) {}

  base::Task<Result<void>> write(Monotonic deadline, Work work) override {
    std::optional<Result<void>> answer;
    std::vector<Job> jobs;
    jobs.push_back(job(deadline, std::move(work), answer));
    if (auto begun = connection_->begin("BEGIN IMMEDIATE"); !begun) co_return std::move(begun).error();
    run_writes(*connection_, std::move(jobs), clock_.monotonic());
    co_return std::move(*answer);
  }

  base::Task<Result<void>> read(Monotonic deadline, Work work) override {
    std::optional<Result<void>> answer;
    CO_TRY(connection_->script("PRAGMA query_only=ON"));
    run_read(*connection_, job(deadline, std::move(work), answer), clock_.monotonic());
    CO_TRY(connection_->script("PRAGMA query_only=OFF"));
    co_return std::move(*answer);
  }

  base::Task<Result<void>> ping(Monotonic deadline) override {
    Work look = [](Transaction& tx) -> Result<void> {
      TRY(tx.exec("SELECT count(*) FROM schema_migrations"));
      return base::success();
    };
    return read(deadline, std::move(look));
  }

 private:
  static Job job(Monotonic deadline, Work work, std::optional<Result<void>>& answer) {
    return {deadline, std::move(work), [&answer](Result<void> result) { answer.emplace(std::move(result)); }};
  }

  const base::Clock& clock_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace

Result<std::unique_ptr<Database>> InlineSqlite::open(const std::string& url, const std::vector<Migration>& migrations) {
  TRY(auto file, sqlite_file(url));
  if (file != in_memory) return base::fail(base::ErrorCode::malformed, "database URL: expected sqlite::memory:");
  auto connection = std::make_unique<Connection>(std::move(file), Access::read_write);
  TRY(migrate(*connection, migrations, clock_.wall()));
  return std::unique_ptr<Database>(std::make_unique<Inline>(clock_, std::move(connection)));
}

}  // namespace chassis::db
