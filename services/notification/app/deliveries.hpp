#pragma once
// Delivers what waits in the mailbox. A mail is marked after the postman took it: who dies in between delivers it
// again, with the same Message-ID. One round at a time.

#include "base/clock.hpp"
#include "services/notification/ports/mailbox.hpp"
#include "services/notification/ports/postman.hpp"

namespace notification_service::app {

struct Failure {
  ports::Due due;
  base::Error why;
};

struct Round {
  int delivered = 0;
  std::vector<Failure> failed;  // each comes again after its pause
  bool is_full = false;         // there may be more that waits
};

class Deliveries {
 public:
  Deliveries(const base::Clock& clock, ports::Mailbox& mailbox, ports::Postman& postman)
      : clock_(clock), mailbox_(mailbox), postman_(postman) {}

  // One round over what is due. Errors: those of the mailbox.
  base::Task<base::Result<Round>> next();

  static constexpr int batch = 32;

 private:
  const base::Clock& clock_;
  ports::Mailbox& mailbox_;
  ports::Postman& postman_;
};

}  // namespace notification_service::app
