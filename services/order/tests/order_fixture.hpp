#pragma once
// order-service as a whole on a fake environment, with fakes of user-service and catalog-service on the in-memory
// transport.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "services/catalog/proto/catalog.pb.h"
#include "services/chassis/testing/fake_environment.hpp"
#include "services/order/order_service.hpp"
#include "services/user/proto/user.pb.h"

namespace order_service {

constexpr const char* ann = "01234567-89ab-7def-8123-0123456789ab";

inline chassis::Config config() {
  chassis::Config config;
  config.name = config.instance = "order-service";
  config.version = "0.1.0";
  config.ports = {{"http", 8082}, {"grpc", 9082}};
  config.database_url = "sqlite::memory:";
  config.broker_url = "nats://127.0.0.1:4222";
  config.calls["user-service"] = {"127.0.0.1:9081", std::chrono::seconds(2)};
  config.calls["catalog-service"] = {"127.0.0.1:9083", std::chrono::seconds(2)};
  for (const char* type : {"payment.authorized", "payment.declined", "payment.refunded"}) {
    config.publishers[type] = {"payment-service"};
  }
  for (const char* type : {"stock.reserved", "stock.rejected", "stock.released"}) {
    config.publishers[type] = {"catalog-service"};
  }
  return config;
}

inline std::string order_body(const std::string& user, int quantity = 2) {
  return R"({"user_id":")" + user + R"(","currency":"EUR","items":[{"sku":"A1","quantity":)" +
         std::to_string(quantity) + R"(,"unit_price_cents":500}]})";
}

// The services that placing an order asks. `ann` is the one user, in EUR it sells what is in `prices`.
class Neighbours {
 public:
  explicit Neighbours(chassis::testing::FakeEnvironment& world) : world_(world) {
    start_users();
    start_catalog();
  }

  void start_users() {
    chassis::rpc::Methods methods;
    methods["/user.v1.UserService/GetUser"] = [this](chassis::rpc::Call call) { return get_user(std::move(call)); };
    users = world_.rpc.serve("127.0.0.1", 9081, std::move(methods)).value();
  }
  void start_catalog() {
    chassis::rpc::Methods methods;
    methods["/catalog.v1.CatalogService/GetPrices"] = [this](chassis::rpc::Call call) {
      return get_prices(std::move(call));
    };
    catalog = world_.rpc.serve("127.0.0.1", 9083, std::move(methods)).value();
  }

  std::unique_ptr<chassis::rpc::Server> users;
  std::unique_ptr<chassis::rpc::Server> catalog;
  std::map<std::string, std::int64_t> prices{{"A1", 500}};
  chassis::rpc::Call last_call;  // to user-service

 private:
  base::Task<base::Result<std::string>> get_user(chassis::rpc::Call call) {
    last_call = call;
    user::v1::GetUserRequest request;
    request.ParseFromString(call.body);
    if (request.id() != ann) co_return base::fail(base::ErrorCode::not_found, "no such user");
    user::v1::User found;
    found.set_id(ann);
    co_return found.SerializeAsString();
  }

  base::Task<base::Result<std::string>> get_prices(chassis::rpc::Call call) {
    catalog::v1::GetPricesRequest request;
    request.ParseFromString(call.body);
    const std::string skus = "," + request.skus() + ",";
    catalog::v1::GetPricesResponse answer;
    for (const auto& [sku, cents] : prices) {
      if (skus.find("," + sku + ",") == std::string::npos) continue;
      auto* price = answer.add_prices();
      price->set_sku(sku);
      price->set_price_cents(cents);
      price->set_currency("EUR");
    }
    co_return answer.SerializeAsString();
  }

  chassis::testing::FakeEnvironment& world_;
};

class OrderFixture : public testing::Test {
 protected:
  OrderFixture() : world(config()), neighbours(world) { world.start(run); }

  std::vector<chassis::broker::Message> events() { return world.brokers.stored("ORDER-SERVICE"); }

  chassis::testing::FakeEnvironment world;
  Neighbours neighbours;
};

}  // namespace order_service
