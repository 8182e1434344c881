#include "services/notification/domain/notice.hpp"

#include <algorithm>

namespace notification_service::domain {

std::vector<base::FieldError> check(const Notice& notice) {
  std::vector<base::FieldError> broken;
  if (notice.order_id.empty()) broken.push_back({"order_id", "must be the id of an order"});
  if (notice.user_id.empty()) broken.push_back({"user_id", "must be the id of a user"});
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (notice.currency.size() != 3 || !std::all_of(notice.currency.begin(), notice.currency.end(), is_capital)) {
    broken.push_back({"currency", "must be three capital letters such as EUR"});
  }
  return broken;
}

}  // namespace notification_service::domain
