#include "services/notification/adapters/in/order_events.hpp"

#include "services/order/proto/order.pb.h"

namespace notification_service::adapters {
namespace {

// What the data of every event that users are told of has.
template <class Data>
domain::Notice to_notice(std::string event, const Data& data) {
  domain::Notice notice;
  notice.event = std::move(event);
  notice.order_id = data.order_id();
  notice.user_id = data.user_id();
  notice.currency = data.currency();
  notice.total_minor = data.total_cents();
  notice.language = data.language();
  return notice;
}

base::Task<base::Result<void>> on_confirmed(app::Notices& notices, chassis::CallContext context,
                                            chassis::consumer::Event event, order::v1::OrderConfirmed data) {
  auto notice = to_notice(std::move(event.type), data);
  co_return co_await notices.tell(std::move(context), std::move(notice));
}

base::Task<base::Result<void>> on_cancelled(app::Notices& notices, chassis::CallContext context,
                                            chassis::consumer::Event event, order::v1::OrderCancelled data) {
  auto notice = to_notice(std::move(event.type), data);
  notice.reason = data.reason();
  co_return co_await notices.tell(std::move(context), std::move(notice));
}

}  // namespace

void add_events(chassis::Consumer& consumer, app::Notices& notices) {
  consumer.on("order.confirmed", notices, on_confirmed);
  consumer.on("order.cancelled", notices, on_cancelled);
}

}  // namespace notification_service::adapters
