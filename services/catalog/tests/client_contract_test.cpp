// What callers may rely on in catalog_service::client::Catalog, checked on the fake and on the client with the real
// service behind it: a fake that answers differently would make its users' tests lie.
#include <gtest/gtest.h>

#include "services/catalog/catalog_service.hpp"
#include "services/catalog/proto/client.hpp"
#include "services/catalog/proto/fake.hpp"
#include "services/chassis/testing/fake_environment.hpp"

namespace catalog_service {
namespace {

using catalog::v1::GetPricesResponse;
using chassis::testing::FakeEnvironment;

chassis::Config config() {
  chassis::Config config;
  config.name = config.instance = "catalog-service";
  config.ports = {{"http", 8086}, {"grpc", 9086}};
  config.database_url = "sqlite::memory:";
  config.broker_url = "nats://127.0.0.1:4222";
  config.calls["catalog-service"] = {"127.0.0.1:9086", std::chrono::seconds(2)};  // it is its own caller here
  return config;
}

class Subject {
 public:
  explicit Subject(bool fake) : world_(config()) {
    if (fake) {
      auto made = std::make_unique<client::FakeCatalog>();
      made->prices_cents = {{"A1", 500}, {"TEA-1", 1250}, {"GIFT", 0}};
      fake_ = made.get();
      catalog_ = std::move(made);
      return;
    }
    world_.start(run);
    catalog_ = client::connect(world_.env).value();
  }

  base::Result<GetPricesResponse> prices(std::vector<std::string> skus) {
    chassis::CallContext context;
    context.trace = chassis::continue_trace("", "", world_.random);
    context.request_id = "r";
    context.deadline = world_.clock.monotonic() + std::chrono::seconds(1);
    return world_.ask(catalog_->prices(context, std::move(skus))).value();
  }
  void take_away() {
    if (fake_ != nullptr) fake_->failure = base::fail(base::ErrorCode::unavailable, "catalog-service is not available");
    if (fake_ == nullptr) world_.stop();
  }

 private:
  FakeEnvironment world_;
  client::FakeCatalog* fake_ = nullptr;
  std::unique_ptr<client::Catalog> catalog_;
};

std::string text_of(const base::Result<GetPricesResponse>& answer) {
  if (!answer) return answer.error().message;
  std::string text;
  for (const auto& price : answer.value().prices()) {
    text += price.sku() + " " + std::to_string(price.price_cents()) + " " + price.currency() + ", ";
  }
  return text;
}

class CatalogContract : public testing::TestWithParam<bool> {};

TEST_P(CatalogContract, PricesOfWhatIsSold) {
  Subject subject(GetParam());
  EXPECT_EQ(text_of(subject.prices({"A1"})), "A1 500 EUR, ");
  EXPECT_EQ(text_of(subject.prices({"A1", "NO-SUCH-SKU", "GIFT", "TEA-1"})),
            "A1 500 EUR, GIFT 0 EUR, TEA-1 1250 EUR, ");
  EXPECT_EQ(text_of(subject.prices({"A1", "A1"})), "A1 500 EUR, ");
  EXPECT_EQ(text_of(subject.prices({"NO-SUCH-SKU"})), "");
}

TEST_P(CatalogContract, RefusesNoneTooManyAndWhatIsNoName) {
  Subject subject(GetParam());
  EXPECT_TRUE(subject.prices(std::vector<std::string>(100, "A1")));
  for (const auto& skus :
       {std::vector<std::string>(), std::vector<std::string>(101, "A1"), {"A1", ""}, {"A,1"}, {"A 1"}}) {
    const auto refused = subject.prices(skus);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, base::ErrorCode::invalid);
  }
}

TEST_P(CatalogContract, SaysWhenItIsAway) {
  Subject subject(GetParam());
  subject.take_away();
  EXPECT_EQ(subject.prices({"A1"}).error().code, base::ErrorCode::unavailable);
}

INSTANTIATE_TEST_SUITE_P(FakeAndReal, CatalogContract, testing::Values(true, false));

}  // namespace
}  // namespace catalog_service
