#pragma once
// The use cases of order-service. Thread-safe.

#include "base/clock.hpp"
#include "base/page.hpp"
#include "base/random.hpp"
#include "services/order/ports/order_store.hpp"
#include "services/order/ports/price_list.hpp"
#include "services/order/ports/user_directory.hpp"

namespace order_service::app {

using Page = base::Page<domain::Order>;

struct PageRequest {
  std::string user_id;  // empty: of everybody
  int size = 0;         // 0: the default
  std::string token;    // empty: the first page
};

class Orders {
 public:
  Orders(const base::Clock& clock, base::Random& random, ports::OrderStore& store, ports::UserDirectory& users,
         ports::PriceList& prices)
      : clock_(clock), random_(random), store_(store), users_(users), prices_(prices) {}

  // Errors: invalid (with fields; also when there is no such user or SKU), conflict (with fields: a price is another
  // one now), unavailable, timeout.
  base::Task<base::Result<domain::Order>> place(chassis::CallContext context, domain::NewOrder wanted);
  // Errors: not_found, unavailable.
  base::Task<base::Result<domain::Order>> get(chassis::CallContext context, std::string id);
  // What was done for it is undone, then it is cancelled: the order as it stands now. Errors: not_found, conflict (it
  // is confirmed), unavailable.
  base::Task<base::Result<domain::Order>> cancel(chassis::CallContext context, std::string id);
  // Another service's answer in the saga of an order. Errors: unavailable.
  base::Task<base::Result<void>> hear(chassis::CallContext context, ports::Answer answer);
  // Errors: invalid (size out of range), malformed (a token that was not ours), unavailable.
  base::Task<base::Result<Page>> list(chassis::CallContext context, PageRequest wanted);

 private:
  base::Task<base::Result<void>> check_prices(const chassis::CallContext& context, const domain::NewOrder& wanted);

  const base::Clock& clock_;
  base::Random& random_;
  ports::OrderStore& store_;
  ports::UserDirectory& users_;
  ports::PriceList& prices_;
};

}  // namespace order_service::app
