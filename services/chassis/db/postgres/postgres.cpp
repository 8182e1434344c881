#include "services/chassis/db/postgres/postgres.hpp"

#include <algorithm>
#include <thread>

#include "base/resume.hpp"
#include "services/chassis/db/postgres/migrate.hpp"
#include "services/chassis/db/postgres/pool.hpp"

namespace chassis::db {
namespace {

using base::ErrorCode;
using base::Monotonic;
using base::Result;

constexpr std::chrono::milliseconds open_retry{100};

class PooledPostgres final : public Database {
 public:
  PooledPostgres(const base::Clock& clock, PostgresOptions options, std::string url)
      : pool_(clock, options, std::move(url)) {}

  base::Task<Result<void>> write(Monotonic deadline, Work work) override {
    return run(deadline, std::move(work), false);
  }
  base::Task<Result<void>> read(Monotonic deadline, Work work) override { return run(deadline, std::move(work), true); }
  base::Task<Result<void>> ping(Monotonic deadline) override {
    Work look = [](Transaction& tx) -> Result<void> {
      TRY(const auto rows, tx.exec("SELECT pg_is_in_recovery()"));
      if (rows.rows.at(0).integer(0) != 0) return try_later("database: the server is a standby and takes no writes");
      return base::success();
    };
    return read(deadline, std::move(look));
  }

 private:
  base::Task<Result<void>> run(Monotonic deadline, Work work, bool only_reads) {
    return base::await_foreign<Result<void>>(
        [this, deadline, only_reads, job_work = std::move(work)](base::Resume<Result<void>> resume) mutable {
          pool_.run(Job{deadline, std::move(job_work), std::move(resume), only_reads});
        });
  }

  Pool pool_;
};

// Without these, libpq waits for as long as the network likes.
std::string with_defaults(std::string url) {
  for (const std::string parameter : {"connect_timeout=2", "tcp_user_timeout=10000", "client_encoding=UTF8"}) {
    if (url.find(parameter.substr(0, parameter.find('=') + 1)) != url.npos) continue;
    url += (url.find('?') == url.npos ? "?" : "&") + parameter;
  }
  return url;
}

}  // namespace

bool is_postgres_url(std::string_view url) {
  return url.starts_with("postgres://") || url.starts_with("postgresql://");
}

Result<std::unique_ptr<Database>> PostgresDatabases::open(const std::string& url,
                                                          const std::vector<Migration>& migrations) {
  if (!is_postgres_url(url)) {
    return base::fail(ErrorCode::malformed, "database URL: expected postgres://user@host:port/database");
  }
  auto whole = with_defaults(url);
  const auto until = clock_.monotonic() + options_.open_wait;
  PgConnection connection(whole, clock_);
  for (;;) {
    auto ready = migrate(connection, migrations, clock_.wall(), until);
    if (ready) break;
    const bool can_wait = ready.error().code == ErrorCode::unavailable && clock_.monotonic() + open_retry < until;
    if (!can_wait) return ready.error();
    std::this_thread::sleep_for(open_retry);
  }
  return std::unique_ptr<Database>(std::make_unique<PooledPostgres>(clock_, options_, std::move(whole)));
}

}  // namespace chassis::db
