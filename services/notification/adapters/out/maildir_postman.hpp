#pragma once
// Leaves mails as files in a spool, laid out as a Maildir (https://cr.yp.to/proto/maildir.html): whoever sends them on
// takes them from `new`. A file's name is the mail's Message-ID, so a mail that is delivered again replaces itself for
// as long as nobody took it. Thread-safe; waits for the disk on the scheduler's pool.

#include "base/random.hpp"
#include "services/chassis/env/environment.hpp"
#include "services/notification/ports/postman.hpp"

namespace notification_service::adapters {

class MaildirPostman final : public ports::Postman {
 public:
  // `folder` and what is missing of it are made at the first delivery, and whenever they are gone.
  MaildirPostman(chassis::Scheduler& scheduler, base::Random& random, std::string folder, std::string mail_domain)
      : scheduler_(scheduler), random_(random), folder_(std::move(folder)), mail_domain_(std::move(mail_domain)) {}

  // Written below another name, synced, renamed, and the folder synced: the file is there whole or not at all.
  base::Task<base::Result<void>> deliver(domain::Mail mail) override;
  base::Task<base::Result<void>> ping(base::Monotonic deadline) override;

 private:
  chassis::Scheduler& scheduler_;
  base::Random& random_;
  const std::string folder_;
  const std::string mail_domain_;
};

}  // namespace notification_service::adapters
