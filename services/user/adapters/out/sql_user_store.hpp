#pragma once
// Users in SQL.

#include "services/chassis/db/database.hpp"
#include "services/user/ports/user_store.hpp"

namespace user_service::adapters {

class SqlUserStore final : public ports::UserStore {
 public:
  explicit SqlUserStore(chassis::db::Database& database) : database_(database) {}

  base::Task<base::Result<void>> insert(const chassis::CallContext& context, domain::User user,
                                        std::string password_hash) override;
  base::Task<base::Result<std::optional<domain::User>>> find(const chassis::CallContext& context,
                                                             std::string id) override;

 private:
  chassis::db::Database& database_;
};

}  // namespace user_service::adapters
