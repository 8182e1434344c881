#pragma once
// The use cases of order-service. Thread-safe.

#include "base/clock.hpp"
#include "base/random.hpp"
#include "services/order/ports/order_store.hpp"
#include "services/order/ports/user_directory.hpp"

namespace order_service::app {

struct Page {
  std::vector<domain::Order> orders;
  std::string next_token;  // empty on the last page
};

struct PageRequest {
  std::string user_id;
  int size = 0;       // 0: the default
  std::string token;  // empty: the first page
};

class Orders {
 public:
  Orders(const base::Clock& clock, base::Random& random, ports::OrderStore& store, ports::UserDirectory& users)
      : clock_(clock), random_(random), store_(store), users_(users) {}

  // Errors: invalid (with fields; also when there is no such user), unavailable, timeout.
  base::Task<base::Result<domain::Order>> place(chassis::CallContext context, domain::NewOrder wanted);
  // Errors: not_found, unavailable.
  base::Task<base::Result<domain::Order>> get(chassis::CallContext context, std::string id);
  // Errors: invalid (no user, size out of range), malformed (a token that was not ours), unavailable.
  base::Task<base::Result<Page>> list(chassis::CallContext context, PageRequest wanted);

  static constexpr int default_page = 20;
  static constexpr int max_page = 100;

 private:
  const base::Clock& clock_;
  base::Random& random_;
  ports::OrderStore& store_;
  ports::UserDirectory& users_;
};

}  // namespace order_service::app
