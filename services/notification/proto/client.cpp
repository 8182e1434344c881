#include "services/notification/proto/client.hpp"

namespace notification_service::client {
namespace {

using notification::v1::ListMailRequest;
using notification::v1::ListMailResponse;
using notification::v1::Mail;

class RpcMailbox final : public Mailbox {
 public:
  explicit RpcMailbox(chassis::ServiceClient service) : service_(std::move(service)) {}

  base::Task<base::Result<Mail>> get(const chassis::CallContext& context, std::string id) override {
    notification::v1::GetMailRequest request;
    request.set_id(std::move(id));
    co_return co_await service_.unary<Mail>("/notification.v1.NotificationService/GetMail", context, request);
  }

  base::Task<base::Result<ListMailResponse>> list(const chassis::CallContext& context,
                                                  ListMailRequest request) override {
    co_return co_await service_.unary<ListMailResponse>("/notification.v1.NotificationService/ListMail", context,
                                                        request);
  }

  base::Task<base::Result<void>> ping(base::Monotonic deadline) override { return service_.ping(deadline); }

 private:
  chassis::ServiceClient service_;
};

}  // namespace

base::Result<std::unique_ptr<Mailbox>> connect(chassis::Environment& env) {
  TRY(auto service, chassis::ServiceClient::connect(env, "notification-service"));
  return std::unique_ptr<Mailbox>(std::make_unique<RpcMailbox>(std::move(service)));
}

}  // namespace notification_service::client
