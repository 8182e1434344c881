#include "services/user/adapters/out/sql_user_store.hpp"

namespace user_service::adapters {

namespace db = chassis::db;

base::Task<base::Result<void>> SqlUserStore::insert(const chassis::CallContext& context, domain::User user,
                                                    std::string password_hash) {
  db::Work work = [user = std::move(user), hash = std::move(password_hash)](db::Transaction& tx) -> base::Result<void> {
    // Not by a caught constraint error: that would end the whole transaction on PostgreSQL.
    TRY(const auto done,
        tx.exec("INSERT INTO users (id, email, email_key, name, password_hash, created_at)"
                " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (email_key) DO NOTHING",
                {user.id, user.email, domain::email_key(user.email), user.name, hash, user.created_at}));
    if (done.changed == 0) {
      base::Error taken = base::fail(base::ErrorCode::conflict, "a user with this e-mail address exists");
      taken.fields.push_back({"email", "is taken"});
      return taken;
    }
    return base::success();
  };
  co_return co_await database_.write(context.deadline, std::move(work));
}

base::Task<base::Result<std::optional<domain::User>>> SqlUserStore::find(const chassis::CallContext& context,
                                                                         std::string id) {
  using Found = std::optional<domain::User>;
  std::function<base::Result<Found>(db::Transaction&)> work =
      [id = std::move(id)](db::Transaction& tx) -> base::Result<Found> {
    TRY(const auto found, tx.exec("SELECT id, email, name, created_at FROM users WHERE id = $1", {id}));
    if (found.rows.empty()) return Found();
    const auto& row = found.rows.front();
    return Found(domain::User{row.text(0), row.text(1), row.text(2), row.text(3)});
  };
  co_return co_await database_.read(context.deadline, std::move(work));
}

}  // namespace user_service::adapters
