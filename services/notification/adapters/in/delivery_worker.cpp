#include "services/notification/adapters/in/delivery_worker.hpp"

namespace notification_service::adapters {

base::Task<> DeliveryWorker::run() {
  while (!env_.scheduler.shutting_down()) {
    const auto round = co_await deliveries_.next();
    report(round);
    const bool waits_more = round && round.value().is_full;
    if (!waits_more && !env_.scheduler.shutting_down()) co_await mail_waits_.wait(sweep);
  }
}

void DeliveryWorker::report(const base::Result<app::Round>& round) {
  if (!round) {
    if (!is_away_) env_.log.warning("mails wait for their delivery", {{"error", round.error().message}});
    is_away_ = true;
    return;
  }
  is_away_ = false;
  const auto count = [this](const std::string& outcome, std::size_t by) {
    if (by == 0) return;
    env_.metrics.count("mail_deliveries_total", "Mails handed over, and attempts that failed", {{"outcome", outcome}},
                       static_cast<double>(by));
  };
  count("delivered", static_cast<std::size_t>(round.value().delivered));
  count("failed", round.value().failed.size());
  for (const auto& [due, why] : round.value().failed) {
    const base::Json fields{{"mail_id", due.mail.id}, {"attempt", due.attempt}, {"error", why.message}};
    env_.log.warning("a mail was not delivered; it is tried again", fields);
  }
}

}  // namespace notification_service::adapters
