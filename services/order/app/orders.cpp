#include "services/order/app/orders.hpp"

#include "base/ids.hpp"

namespace order_service::app {
namespace {

using base::Error;
using base::ErrorCode;

Error invalid(std::vector<base::FieldError> fields) {
  Error error = base::fail(ErrorCode::invalid, fields.front().field + ": " + fields.front().message);
  error.fields = std::move(fields);
  return error;
}

// A page token is the id of the page's last order behind a version, so that its form can change.
constexpr std::string_view token_version = "1.";

base::Result<std::string> last_of(const std::string& token) {
  if (token.empty()) return std::string();
  const auto id = std::string_view(token).substr(std::min(token.size(), token_version.size()));
  if (token.starts_with(token_version) && base::is_uuid(id)) return std::string(id);
  Error error = base::fail(ErrorCode::malformed, "page_token: is not one that this service gave");
  error.fields.push_back({"page_token", "is not one that this service gave"});
  return error;
}

}  // namespace

base::Task<base::Result<domain::Order>> Orders::place(chassis::CallContext context, domain::NewOrder wanted) {
  if (auto broken = domain::check(wanted); !broken.empty()) co_return invalid(std::move(broken));
  CO_TRY(const bool known, co_await users_.knows(context, wanted.user_id));
  if (!known) co_return invalid({{"user_id", "there is no such user"}});
  domain::Order order;
  order.id = base::uuid_v7(clock_, random_);
  order.user_id = std::move(wanted.user_id);
  order.status = domain::placed;
  order.currency = std::move(wanted.currency);
  order.total_cents = *domain::total(wanted.items);  // fits: checked above
  order.items = std::move(wanted.items);
  order.created_at = base::to_rfc3339(clock_.wall());
  CO_TRY(co_await store_.place(context, order));
  co_return order;
}

base::Task<base::Result<domain::Order>> Orders::get(chassis::CallContext context, std::string id) {
  CO_TRY(auto found, co_await store_.find(context, id));
  if (!found) co_return base::fail(ErrorCode::not_found, "there is no order " + id);
  co_return std::move(*found);
}

base::Task<base::Result<Page>> Orders::list(chassis::CallContext context, PageRequest wanted) {
  if (wanted.user_id.empty()) co_return invalid({{"user_id", "must be given"}});
  if (wanted.size < 0 || wanted.size > max_page) co_return invalid({{"page_size", "must be from 1 to 100"}});
  CO_TRY(auto before, last_of(wanted.token));
  const int size = wanted.size == 0 ? default_page : wanted.size;
  // One more than asked for tells whether there is a next page.
  CO_TRY(auto orders, co_await store_.list(context, wanted.user_id, std::move(before), size + 1));
  Page page{std::move(orders), {}};
  if (page.orders.size() > static_cast<std::size_t>(size)) {
    page.orders.pop_back();
    page.next_token = std::string(token_version) + page.orders.back().id;
  }
  co_return page;
}

}  // namespace order_service::app
