#include "services/user/adapters/in/user_states.hpp"

namespace user_service::adapters {
namespace {

using base::Json;
using chassis::CallContext;
using chassis::text_param;
namespace db = chassis::db;

constexpr const char* usual_id = "01890a5d-ac96-774b-bcce-b302099a8057";

struct Parts {
  db::Database& database;
  ports::UserStore& users;
  ports::PasswordHasher& hasher;
};

// No use case of the service removes a user.
base::Task<base::Result<void>> remove(Parts parts, const CallContext& context, std::string id, std::string email) {
  db::Work work = [id = std::move(id), email = std::move(email)](db::Transaction& tx) -> base::Result<void> {
    TRY(tx.exec("DELETE FROM users WHERE id = $1 OR email_key = $2", {id, domain::email_key(email)}));
    return base::success();
  };
  co_return co_await parts.database.write(context.deadline, std::move(work));
}

base::Task<base::Result<Json>> user_exists(Parts parts, CallContext context, Json params) {
  CO_TRY(auto id, text_param(params, "id", usual_id));
  CO_TRY(auto email, text_param(params, "email", "ann-" + id + "@example.com"));
  CO_TRY(auto name, text_param(params, "name", "Ann"));
  CO_TRY(auto created_at, text_param(params, "created_at", "2026-01-02T03:04:05.000Z"));
  CO_TRY(auto password, text_param(params, "password", "correct horse battery"));
  CO_TRY(co_await remove(parts, context, id, email));
  CO_TRY(auto hash, co_await parts.hasher.hash(std::move(password)));
  domain::User user;
  user.id = std::move(id);
  user.email = std::move(email);
  user.name = std::move(name);
  user.created_at = std::move(created_at);
  CO_TRY(co_await parts.users.insert(context, user, std::move(hash)));
  Json values{{"id", user.id}, {"user_id", user.id}, {"email", user.email}, {"name", user.name}};
  co_return values;
}

base::Task<base::Result<Json>> no_user(Parts parts, CallContext context, Json params) {
  CO_TRY(auto id, text_param(params, "id", usual_id));
  CO_TRY(auto email, text_param(params, "email"));
  CO_TRY(co_await remove(parts, context, id, std::move(email)));
  Json values{{"id", id}};
  co_return values;
}

// After the interaction nobody is left who was not there before.
base::Task<base::Result<Json>> forget_user(Parts parts, CallContext context, Json params) {
  CO_TRY(auto id, text_param(params, "id", usual_id));
  std::string any_email;
  CO_TRY(co_await remove(parts, context, std::move(id), std::move(any_email)));
  co_return Json(Json::object());
}

}  // namespace

void add_states(chassis::States& states, db::Database& database, ports::UserStore& users,
                ports::PasswordHasher& hasher) {
  const Parts parts{database, users, hasher};
  const auto with = [parts](auto state) -> chassis::States::Change {
    return [parts, state](CallContext context, Json params) {
      return state(parts, std::move(context), std::move(params));
    };
  };
  states.on("a user exists", with(user_exists), with(forget_user))
      .on("no user exists", with(no_user))
      .on("no such user", with(no_user));
}

}  // namespace user_service::adapters
