#pragma once
// The use cases of notification-service: tell a user, and show what was told. Thread-safe.

#include "base/clock.hpp"
#include "base/page.hpp"
#include "base/random.hpp"
#include "services/notification/domain/notice.hpp"
#include "services/notification/ports/letters.hpp"
#include "services/notification/ports/mailbox.hpp"

namespace notification_service::app {

using Page = base::Page<domain::Mail>;

struct PageRequest {
  ports::Filter filter;
  int size = 0;       // 0: the default
  std::string token;  // empty: the first page
};

class Notices {
 public:
  // Mails are of `mail_domain`, by which their Message-IDs are unique in the world.
  Notices(const base::Clock& clock, base::Random& random, const ports::Letters& letters, ports::Mailbox& mailbox,
          std::string mail_domain)
      : clock_(clock), random_(random), letters_(letters), mailbox_(mailbox), mail_domain_(std::move(mail_domain)) {}

  // Leaves a mail in the mailbox, to be delivered soon. Errors: invalid (with fields), conflict, unavailable, timeout.
  base::Task<base::Result<void>> tell(chassis::CallContext context, domain::Notice notice);
  // Errors: not_found, unavailable.
  base::Task<base::Result<domain::Mail>> get(chassis::CallContext context, std::string id);
  // Errors: invalid (size out of range), malformed (a token that was not ours), unavailable.
  base::Task<base::Result<Page>> list(chassis::CallContext context, PageRequest wanted);

 private:
  const base::Clock& clock_;
  base::Random& random_;
  const ports::Letters& letters_;
  ports::Mailbox& mailbox_;
  const std::string mail_domain_;
};

}  // namespace notification_service::app
