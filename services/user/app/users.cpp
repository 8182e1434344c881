#include "services/user/app/users.hpp"

#include "base/ids.hpp"

namespace user_service::app {

base::Task<base::Result<domain::User>> Users::create(chassis::CallContext context, domain::NewUser wanted) {
  if (auto broken = domain::check(wanted); !broken.empty()) {
    base::Error error = base::fail(base::ErrorCode::invalid, "the user is not valid");
    error.fields = std::move(broken);
    co_return error;
  }
  CO_TRY(auto hash, co_await hasher_.hash(std::move(wanted.password)));
  domain::User user{base::uuid_v7(clock_, random_), std::move(wanted.email), std::move(wanted.name),
                    base::to_rfc3339(clock_.wall())};
  CO_TRY(co_await store_.insert(context, user, std::move(hash)));
  co_return user;
}

base::Task<base::Result<domain::User>> Users::get(chassis::CallContext context, std::string id) {
  CO_TRY(auto found, co_await store_.find(context, id));
  if (!found) co_return base::fail(base::ErrorCode::not_found, "there is no user " + id);
  co_return std::move(*found);
}

}  // namespace user_service::app
