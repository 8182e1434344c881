#include "services/order/adapters/out/order_saga.hpp"

#include <array>

#include "base/ids.hpp"
#include "base/schema_name.hpp"
#include "services/chassis/api/json_mapping.hpp"
#include "services/chassis/outbox/outbox.hpp"
#include "services/order/adapters/order_message.hpp"
#include "services/order/adapters/out/order_rows.hpp"

namespace order_service::adapters {
namespace {

namespace saga = chassis::saga;
using base::Json;
using saga::Phase;

template <auto message_of>
Json data_of(const domain::Order& order) {
  return chassis::to_json(message_of(order));
}

struct Said {
  std::string_view type;
  Json (*data)(const domain::Order&);
};

constexpr std::array said{
    Said{"order.placed", data_of<to_placed>},
    Said{"order.paid", data_of<to_paid>},
    Said{"order.confirmed", data_of<to_confirmed>},
    Said{"order.cancelled", data_of<to_cancelled>},
    Said{"order.refund_requested", data_of<to_refund_requested>},
    Said{"order.release_requested", data_of<to_release_requested>},
};

base::Result<Json> data_for(const std::string& type, const domain::Order& order) {
  for (const auto& one : said) {
    if (one.type == type) return one.data(order);
  }
  return base::fail(base::ErrorCode::internal, "the saga says " + type + ", which is no event of an order");
}

const char* status_of(const saga::State& state) {
  switch (state.phase) {
    case Phase::running:
      return state.step == 0 ? domain::placed : domain::paid;
    case Phase::completed:
      return domain::confirmed;
    case Phase::compensating:
      return domain::cancelling;
    case Phase::compensated:
      break;
  }
  return domain::cancelled;
}

}  // namespace

saga::Definition order_saga(const SagaTimes& times) {
  return {"order",
          {{"payment", "order.placed", "payment.authorized", "payment.declined", times.payment,
            "order.refund_requested", "payment.refunded"},
           {"stock", "order.paid", "stock.reserved", "stock.rejected", times.stock, "order.release_requested",
            "stock.released"}},
          "order.confirmed",
          "order.cancelled"};
}

base::Result<void> OrderReaction::operator()(chassis::db::Transaction& tx, const chassis::CallContext& context,
                                             const saga::Transition& transition) const {
  TRY(auto found, find_order(tx, transition.id));
  if (!found) return base::fail(base::ErrorCode::internal, "there is a saga of an order that is not there");
  auto& order = *found;
  const std::string status = status_of(transition.after);
  if (order.status != status) {
    order.status = status;
    order.reason = transition.after.reason;
    order.updated_at = base::to_rfc3339(clock_->wall());
    TRY(update_order(tx, order));
  }
  for (const auto& action : transition.actions) {
    const auto& type = saga::said_by(definition_, action);
    TRY(auto data, data_for(type, order));
    chassis::outbox::Event event;
    event.id = base::uuid_v7(*clock_, *random_);
    event.type = type;
    event.source = "/" + service_;
    event.subject = order.id;
    event.time = order.status == domain::placed ? order.created_at : base::to_rfc3339(clock_->wall());
    event.data_schema = base::schema_name(type, 1);
    event.data = std::move(data);
    TRY(chassis::outbox::append(tx, service_, event, context, *schemas_));
  }
  return base::success();
}

}  // namespace order_service::adapters
