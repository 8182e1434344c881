#include "services/notification/app/deliveries.hpp"

namespace notification_service::app {
namespace {

constexpr std::chrono::seconds patience{10};

}  // namespace

base::Task<base::Result<Round>> Deliveries::next() {
  CO_TRY(auto due, co_await mailbox_.take_due(clock_.monotonic() + patience, clock_.wall(), batch));
  Round round;
  round.is_full = due.size() == static_cast<std::size_t>(batch);
  std::vector<std::string> done;
  for (auto& one : due) {
    const auto delivered = co_await postman_.deliver(one.mail);
    if (delivered) {
      done.push_back(one.mail.id);
    } else {
      round.failed.push_back({std::move(one), delivered.error()});
    }
  }
  round.delivered = static_cast<int>(done.size());
  if (!done.empty()) {
    auto delivered_at = base::to_rfc3339(clock_.wall());
    CO_TRY(co_await mailbox_.mark_delivered(clock_.monotonic() + patience, std::move(done), std::move(delivered_at)));
  }
  co_return round;
}

}  // namespace notification_service::app
