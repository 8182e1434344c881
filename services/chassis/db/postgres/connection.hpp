#pragma once
// One connection to PostgreSQL with its prepared statements. Used by one thread at a time. It is made at first use, and
// again after it broke. Internal to db/postgres.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <pqxx/connection>
#include <pqxx/nontransaction>

#include "base/result.hpp"
#include "services/chassis/db/database.hpp"
#include "services/chassis/db/postgres/errors.hpp"

namespace chassis::db {

// migrate: whatever the server's default is, and without savepoints.
enum class Mode : std::uint8_t { read, write, migrate };

class PgConnection final : public Transaction {
 public:
  // Told the socket when the connection is made, and -1 before it is closed.
  using OnSocket = std::function<void(int)>;

  PgConnection(std::string url, const base::Clock& clock) : url_(std::move(url)), clock_(clock) {}
  ~PgConnection() override { close(); }
  PgConnection(const PgConnection&) = delete;
  void on_socket(OnSocket on_socket) { on_socket_ = std::move(on_socket); }

  // Errors: unavailable. Blocks for as long as the URL's connect_timeout says.
  base::Result<void> ensure_open();
  void close();

  // Begins a transaction whose statements end at the deadline; a connection that has broken while nobody used it is
  // made anew. Errors: unavailable.
  base::Result<void> begin(Mode mode, base::Monotonic deadline);
  // Rolled back when it fails. When the connection breaks in here, nobody knows.
  base::Result<void> commit();
  void rollback();
  // Another transaction was in the way of the last one, which can succeed when it is done again.
  bool may_try_again() const { return may_try_again_; }

  using Transaction::exec;
  // As the port says. In a write transaction a failed statement leaves the others as they were; after a failed SELECT,
  // a lost connection or a conflict with another transaction every further statement fails.
  base::Result<Rows> exec(std::string_view sql, std::span<const Value> parameters) override;
  // Several statements without parameters.
  base::Result<void> script(const std::string& sql);

 private:
  enum class State : std::uint8_t { idle, good, ended, broken };  // ended: what follows would not count

  base::Result<void> run(const std::string& sql);
  base::Result<Rows> run_prepared(std::string_view sql, std::span<const Value> parameters, bool counts);
  const std::string& prepared(const std::string& sql);
  void forget(const std::string& sql);
  base::Result<void> mark();
  void end();
  // Runs what may throw, and makes an error of that.
  template <class Step>
  auto guard(Step step) -> base::Result<decltype(step())>;
  base::Error lost(const std::string& what);

  const std::string url_;
  const base::Clock& clock_;
  OnSocket on_socket_;
  std::unique_ptr<pqxx::connection> connection_;
  std::optional<pqxx::nontransaction> session_;              // BEGIN and COMMIT are ours
  std::unordered_map<std::string, std::string> statements_;  // name by text
  std::size_t next_name_ = 0;
  State state_ = State::idle;
  Mode mode_ = Mode::read;
  base::Monotonic deadline_{};
  bool has_savepoint_ = false;
  bool may_try_again_ = false;
};

}  // namespace chassis::db
