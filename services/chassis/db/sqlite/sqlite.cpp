#include "services/chassis/db/sqlite/sqlite.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <thread>

#include "base/resume.hpp"
#include "services/chassis/db/job_queue.hpp"
#include "services/chassis/db/sqlite/migrate.hpp"
#include "services/chassis/db/sqlite/transactions.hpp"

namespace chassis::db {
namespace {

using base::ErrorCode;
using base::Monotonic;
using base::Result;

base::Error locked() { return try_later("database: locked by another process"); }

class Threaded final : public Database {
 public:
  Threaded(const base::Clock& clock, SqliteOptions options, std::string file, std::unique_ptr<Connection> writer)
      : clock_(clock), options_(options), file_(std::move(file)) {
    threads_.emplace_back([this, connection = std::move(writer)] { write_loop(*connection); });
    for (int i = 0; i < options_.readers; ++i) {
      threads_.emplace_back([this] {
        Connection connection(file_, Access::read_only);
        read_loop(connection);
      });
    }
  }
  ~Threaded() override {
    writes_.close();
    reads_.close();
    for (auto& thread : threads_) thread.join();
  }

  base::Task<Result<void>> write(Monotonic deadline, Work work) override {
    return enqueue(writes_, deadline, std::move(work));
  }
  base::Task<Result<void>> read(Monotonic deadline, Work work) override {
    return enqueue(reads_, deadline, std::move(work));
  }
  base::Task<Result<void>> ping(Monotonic deadline) override {
    CO_TRY(check_file());
    Work look = [](Transaction& tx) -> Result<void> {
      TRY(tx.exec("SELECT count(*) FROM schema_migrations"));
      return base::success();
    };
    CO_TRY(co_await read(deadline, std::move(look)));
    // An empty transaction takes the write lock, but syncs nothing.
    Work nothing = [](Transaction&) -> Result<void> { return base::success(); };
    co_return co_await write(deadline, std::move(nothing));
  }

 private:
  static constexpr std::uint64_t least_free_bytes = 1 << 20;

  base::Task<Result<void>> enqueue(JobQueue& queue, Monotonic deadline, Work work) {
    return base::await_foreign<Result<void>>(
        [&queue, deadline, job_work = std::move(work)](base::Resume<Result<void>> resume) mutable {
          queue.push(Job{deadline, std::move(job_work), std::move(resume)});
        });
  }

  Result<void> check_file() const {
    struct statvfs disk {};
    if (::access(file_.c_str(), R_OK | W_OK) != 0) return try_later("database: the file is not there or not writable");
    if (::statvfs(file_.c_str(), &disk) == 0 && std::uint64_t(disk.f_bavail) * disk.f_frsize < least_free_bytes) {
      return try_later("database: the disk is full");
    }
    return base::success();
  }

  // Jobs stay in the queue until the write lock is had, so that each is answered at its own deadline while waiting.
  void write_loop(Connection& connection) {
    bool all_expired = false;
    connection.on_locked([&] {
      all_expired = !writes_.expire(clock_.monotonic(), locked());
      return !all_expired;
    });
    while (writes_.wait()) {
      all_expired = false;
      auto ready = connection.ensure_open();
      if (ready) ready = connection.begin("BEGIN IMMEDIATE");
      if (ready) {
        run_writes(connection, writes_.take(options_.group), clock_.monotonic());
      } else {
        connection.recover();
        // When every waiting job was answered meanwhile, one that has just come deserves a wait of its own.
        if (!all_expired) writes_.fail_all(ready.error());
      }
    }
  }

  void read_loop(Connection& connection) {
    while (reads_.wait()) {
      for (auto& job : reads_.take(1)) {
        connection.on_locked([this, deadline = job.deadline] {
          reads_.expire(clock_.monotonic(), locked());
          return clock_.monotonic() < deadline;
        });
        run_read(connection, std::move(job), clock_.monotonic());
      }
    }
  }

  const base::Clock& clock_;
  SqliteOptions options_;
  std::string file_;
  JobQueue writes_;
  JobQueue reads_;
  std::vector<std::thread> threads_;
};

}  // namespace

Result<std::string> sqlite_file(const std::string& url) {
  constexpr std::string_view scheme = "sqlite:";
  if (!url.starts_with(scheme) || url.size() == scheme.size()) {
    return base::fail(ErrorCode::malformed, "database URL: expected sqlite:/path/file.db, got '" + url + "'");
  }
  return url.substr(scheme.size());
}

Result<std::unique_ptr<Database>> SqliteDatabases::open(const std::string& url,
                                                        const std::vector<Migration>& migrations) {
  TRY(auto file, sqlite_file(url));
  if (file == in_memory) return base::fail(ErrorCode::malformed, "database URL: expected a file, got " + url);
  auto connection = std::make_unique<Connection>(file, Access::read_write);
  connection->on_locked([this, until = clock_.monotonic() + options_.open_wait] { return clock_.monotonic() < until; });
  TRY(migrate(*connection, migrations, clock_.wall()));
  return std::unique_ptr<Database>(
      std::make_unique<Threaded>(clock_, options_, std::move(file), std::move(connection)));
}

}  // namespace chassis::db
