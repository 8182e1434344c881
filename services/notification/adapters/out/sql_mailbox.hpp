#pragma once
// Mails in SQL.

#include <functional>

#include "services/chassis/db/database.hpp"
#include "services/notification/ports/mailbox.hpp"

namespace notification_service::adapters {

class SqlMailbox final : public ports::Mailbox {
 public:
  // `kept` is called after each commit that left a mail.
  SqlMailbox(chassis::db::Database& database, std::function<void()> kept)
      : database_(database), kept_(std::move(kept)) {}

  base::Task<base::Result<void>> keep(const chassis::CallContext& context, domain::Mail mail) override;
  base::Task<base::Result<std::optional<domain::Mail>>> find(const chassis::CallContext& context,
                                                             std::string id) override;
  base::Task<base::Result<std::vector<domain::Mail>>> list(const chassis::CallContext& context, ports::Filter filter,
                                                           std::string before, int limit) override;
  base::Task<base::Result<std::vector<ports::Due>>> take_due(base::Monotonic deadline, base::Wall now,
                                                             int limit) override;
  base::Task<base::Result<void>> mark_delivered(base::Monotonic deadline, std::vector<std::string> ids,
                                                std::string delivered_at) override;

 private:
  chassis::db::Database& database_;
  std::function<void()> kept_;
};

}  // namespace notification_service::adapters
