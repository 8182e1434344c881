#pragma once
// notification-service for the tests of its callers: has the mails that it was given, or fails as it was told.

#include <optional>
#include <vector>

#include "services/notification/proto/client.hpp"

namespace notification_service::client {

class FakeMailbox final : public Mailbox {
 public:
  base::Task<base::Result<notification::v1::Mail>> get(const chassis::CallContext& /*context*/,
                                                       std::string id) override {
    if (failure) co_return *failure;
    for (const auto& mail : mails) {
      if (mail.id() == id) co_return mail;
    }
    co_return base::fail(base::ErrorCode::not_found, "there is no mail " + id);
  }
  // All on one page.
  base::Task<base::Result<notification::v1::ListMailResponse>> list(
      const chassis::CallContext& /*context*/, notification::v1::ListMailRequest request) override {
    if (failure) co_return *failure;
    notification::v1::ListMailResponse found;
    for (const auto& mail : mails) {
      const bool is_of_user = request.user_id().empty() || mail.user_id() == request.user_id();
      const bool is_of_order = request.order_id().empty() || mail.order_id() == request.order_id();
      if (is_of_user && is_of_order) *found.add_mails() = mail;
    }
    co_return found;
  }
  base::Task<base::Result<void>> ping(base::Monotonic /*deadline*/) override {
    if (failure) co_return *failure;
    co_return base::success();
  }

  std::vector<notification::v1::Mail> mails;  // newest first
  std::optional<base::Error> failure;
};

}  // namespace notification_service::client
