#include "services/catalog/app/skus.hpp"

#include <algorithm>

#include "base/refused.hpp"

namespace catalog_service::app {
namespace {

using base::ErrorCode;

constexpr std::size_t max_prices = 100;

base::Result<std::vector<std::string>> names_in(const std::string& text) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(',', at), text.size());
    names.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  const bool has_others = !std::all_of(names.begin(), names.end(), [](const auto& one) { return domain::is_sku(one); });
  if (names.size() <= max_prices && !has_others) return names;
  return base::refused(ErrorCode::invalid, {{"skus", "must be 1 to 100 SKUs, separated by commas"}});
}

}  // namespace

base::Task<base::Result<domain::Sku>> Skus::get(chassis::CallContext context, std::string sku) {
  CO_TRY(auto found, co_await store_.find(context, sku));
  if (!found) co_return base::fail(base::ErrorCode::not_found, "there is no SKU " + sku);
  co_return std::move(*found);
}

base::Task<base::Result<base::Page<domain::Sku>>> Skus::list(chassis::CallContext context, base::PageRequest wanted) {
  CO_TRY(const auto cut, base::page_cut(wanted));
  CO_TRY(auto found, co_await store_.list(context, cut.after, cut.size + 1));
  co_return base::page_of(std::move(found), cut, &domain::Sku::sku);
}

base::Task<base::Result<std::vector<domain::Sku>>> Skus::prices(chassis::CallContext context, std::string skus) {
  CO_TRY(auto names, names_in(skus));
  co_return co_await store_.find_all(context, std::move(names));
}

base::Task<base::Result<domain::Sku>> Skus::put(chassis::CallContext context, domain::Sku wanted) {
  if (auto broken = domain::check(wanted); !broken.empty())
    co_return base::refused(ErrorCode::invalid, std::move(broken));
  co_return co_await store_.put(context, std::move(wanted));
}

base::Task<base::Result<domain::Sku>> Skus::receive(chassis::CallContext context, std::string sku,
                                                    std::int64_t quantity) {
  co_return co_await store_.receive(context, std::move(sku), quantity, base::to_rfc3339(clock_.wall()));
}

base::Task<base::Result<std::vector<domain::RecordedEvent>>> Skus::events(chassis::CallContext context, std::string sku,
                                                                          std::int64_t after, int size) {
  CO_TRY(const int limit, base::page_size(size));
  if (after < 0) co_return base::refused(ErrorCode::invalid, {{"after_version", "must be 0 or more"}});
  CO_TRY(co_await get(context, sku));
  co_return co_await store_.events(context, std::move(sku), after, limit);
}

}  // namespace catalog_service::app
