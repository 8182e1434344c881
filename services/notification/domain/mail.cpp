#include "services/notification/domain/mail.hpp"

#include <algorithm>

namespace notification_service::domain {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds first_pause = 2s;
constexpr std::int64_t most_doublings = 8;  // more would be cut off anyway

}  // namespace

std::chrono::milliseconds pause_after(std::int64_t attempt) {
  const auto doublings = std::clamp<std::int64_t>(attempt - 1, 0, most_doublings);
  return std::min<std::chrono::milliseconds>(first_pause * (1 << doublings), longest_pause);
}

}  // namespace notification_service::domain
