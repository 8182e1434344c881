#include "services/order/proto/client.hpp"

namespace order_service::client {
namespace {

class RpcOrders final : public Orders {
 public:
  explicit RpcOrders(chassis::ServiceClient service) : service_(std::move(service)) {}

  base::Task<base::Result<order::v1::Order>> place(const chassis::CallContext& context,
                                                   order::v1::PlaceOrderRequest request) override {
    co_return co_await service_.unary<order::v1::Order>("/order.v1.OrderService/PlaceOrder", context, request);
  }

  base::Task<base::Result<order::v1::Order>> get(const chassis::CallContext& context, std::string id) override {
    order::v1::GetOrderRequest request;
    request.set_id(std::move(id));
    co_return co_await service_.unary<order::v1::Order>("/order.v1.OrderService/GetOrder", context, request);
  }

 private:
  chassis::ServiceClient service_;
};

}  // namespace

base::Result<std::unique_ptr<Orders>> connect(chassis::Environment& env) {
  TRY(auto service, chassis::ServiceClient::connect(env, "order-service"));
  return std::unique_ptr<Orders>(std::make_unique<RpcOrders>(std::move(service)));
}

}  // namespace order_service::client
