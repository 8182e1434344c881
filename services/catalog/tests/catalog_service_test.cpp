// catalog-service as a whole: what it answers over REST and gRPC, and what it tells of itself.
#include <fstream>

#include <gmock/gmock.h>

#include "services/catalog/proto/catalog.pb.h"
#include "services/catalog/tests/catalog_fixture.hpp"

namespace catalog_service {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class CatalogService : public CatalogFixture {};

constexpr const char* mug = R"({"title":"Mug","price_cents":500,"currency":"EUR"})";

// `msctl api check` compares that file with its past. When this fails, the interface has changed: is that compatible?
// Then write the file anew from a running service: curl -s 127.0.0.1:PORT/openapi.json > services/catalog/openapi.json
TEST_F(CatalogService, DescribesItselfAsTheFileInTheRepositoryDoes) {
  const auto [status, document] = world.json("GET", "/openapi.json");
  ASSERT_EQ(status, 200);
  std::ifstream in(MSCTL_SOURCE_DIR "/services/catalog/openapi.json");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const auto file = base::parse_json(text);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(base::dump_json_pretty(document), base::dump_json_pretty(file.value()));
}

TEST_F(CatalogService, BeginsWithGoodsInTheFirstFormOfTheirEvents) {
  const auto [status, sku] = world.json("GET", "/v1/skus/A1");
  ASSERT_EQ(status, 200) << sku;
  EXPECT_EQ(sku, base::parse_json(R"({"sku":"A1","title":"Mug","price_cents":500,"currency":"EUR",
    "available":100000000,"reserved":0,"received":100000000,"version":1})")
                     .value());
  const auto [seen, events] = world.json("GET", "/v1/skus/A1/events");
  ASSERT_EQ(seen, 200) << events;
  ASSERT_EQ(events["events"].size(), 1U);
  EXPECT_EQ(events["events"][0]["type"], "stock_received");
  EXPECT_EQ(events["events"][0]["quantity"], 100'000'000);
  EXPECT_EQ(stock("LAST-ONE"), "1/0/1@1");
  EXPECT_EQ(stock("SOLD-OUT"), "0/0/0@0");
}

TEST_F(CatalogService, MakesAndChangesASku) {
  const auto [status, made] = world.json("PUT", "/v1/skus/MUG-2", mug);
  ASSERT_EQ(status, 200) << made;
  EXPECT_EQ(made["sku"], "MUG-2");
  EXPECT_EQ(stock("MUG-2"), "0/0/0@0");
  stocked("MUG-2", 7);
  const auto changed = send("PUT", "/v1/skus/MUG-2", R"({"title":"Big mug","price_cents":0,"currency":"USD"})");
  ASSERT_EQ(changed.status, 200);
  const auto sku = world.json("GET", "/skus/MUG-2").second;
  EXPECT_EQ(sku["title"], "Big mug");
  EXPECT_EQ(sku["price_cents"], 0);
  EXPECT_EQ(sku["currency"], "USD");
  EXPECT_EQ(stock("MUG-2"), "7/0/7@1");
}

struct Refusal {
  std::string method, target, body;
  int status;
  std::string field;
};

class CatalogRefuses : public CatalogFixture, public testing::WithParamInterface<Refusal> {};

TEST_P(CatalogRefuses, WithStatusAndField) {
  const auto& [method, target, body, status, field] = GetParam();
  const auto answer = send(method, target, body, "k");
  EXPECT_EQ(answer.status, status) << answer.body;
  EXPECT_EQ(answer.headers.get("Content-Type"), "application/problem+json");
  const auto problem = base::parse_json(answer.body).value();
  if (!field.empty()) {
    EXPECT_EQ(problem["errors"][0]["field"], field) << problem;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, CatalogRefuses,
    testing::Values(
        Refusal{"GET", "/v1/skus/NO-SUCH-SKU", "", 404, ""}, Refusal{"GET", "/v1/skus/NO-SUCH-SKU/events", "", 404, ""},
        Refusal{"GET", "/v1/skus?page_size=101", "", 422, "page_size"},
        Refusal{"GET", "/v1/skus?page_token=x", "", 400, "page_token"},
        Refusal{"GET", "/v1/skus/A1/events?after_version=-1", "", 422, "after_version"},
        Refusal{"GET", "/v1/skus/A1/events?page_size=-1", "", 422, "page_size"},
        Refusal{"GET", "/v1/prices", "", 422, "skus"}, Refusal{"GET", "/v1/prices?skus=A1,", "", 422, "skus"},
        Refusal{"GET", "/v1/prices?skus=A1,a%20b", "", 422, "skus"},
        Refusal{"GET", "/v1/reservations/none", "", 404, ""},
        Refusal{"GET", "/v1/reservations?page_size=101", "", 422, "page_size"},
        Refusal{"PUT", "/v1/skus/a%20b", mug, 422, "sku"},
        Refusal{"PUT", "/v1/skus/A1", R"({"title":"Mug","currency":"EUR"})", 422, "price_cents"},
        Refusal{"PUT", "/v1/skus/A1", R"({"title":"","price_cents":5,"currency":"EUR"})", 422, "title"},
        Refusal{"PUT", "/v1/skus/A1", R"({"title":"Mug","price_cents":"5","currency":"EUR"})", 400, "price_cents"},
        Refusal{"POST", "/v1/skus/A1/receipts", R"({"quantity":0})", 422, "quantity"},
        Refusal{"POST", "/v1/skus/A1/receipts", R"({"quantity":9223372036854775807})", 422, "quantity"},
        Refusal{"POST", "/v1/skus/A1/receipts", R"({"quantity":1.5})", 400, "quantity"},
        Refusal{"POST", "/v1/skus/NO-SUCH-SKU/receipts", R"({"quantity":1})", 404, ""}));

TEST_F(CatalogService, ReceivesOnceAKey) {
  EXPECT_EQ(send("POST", "/v1/skus/A1/receipts", R"({"quantity":5})").status, 400) << "needs a key";
  const auto first = send("POST", "/v1/skus/A1/receipts", R"({"quantity":5})", "k-1");
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(base::parse_json(first.body).value()["available"], 100'000'005);
  const auto again = send("POST", "/v1/skus/A1/receipts", R"({"quantity":5})", "k-1");
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.headers.get("Idempotent-Replayed"), "true");
  EXPECT_EQ(send("POST", "/v1/skus/A1/receipts", R"({"quantity":6})", "k-1").status, 422);
  EXPECT_EQ(stock("A1"), "100000005/0/100000005@2");
}

TEST_F(CatalogService, HonoursAKeyWhenASkuIsPut) {
  const auto first = send("PUT", "/v1/skus/MUG-2", mug, "k-1");
  ASSERT_EQ(first.status, 200) << first.body;
  ASSERT_EQ(send("PUT", "/v1/skus/MUG-2", R"({"title":"Other","price_cents":1,"currency":"EUR"})").status, 200);
  const auto again = send("PUT", "/v1/skus/MUG-2", mug, "k-1");
  EXPECT_EQ(again.headers.get("Idempotent-Replayed"), "true");
  EXPECT_EQ(world.json("GET", "/v1/skus/MUG-2").second["title"], "Other") << "a late repetition changes nothing";
}

TEST_F(CatalogService, PricesOfWhatIsSold) {
  const auto [status, body] = world.json("GET", "/v1/prices?skus=TEA-1,NO-SUCH-SKU,A1,YACHT");
  ASSERT_EQ(status, 200) << body;
  EXPECT_EQ(body, base::parse_json(R"({"prices":[{"sku":"A1","price_cents":500,"currency":"EUR"},
    {"sku":"TEA-1","price_cents":1250,"currency":"EUR"},{"sku":"YACHT","price_cents":900000000001,"currency":"EUR"}]})")
                      .value());
}

TEST_F(CatalogService, ListsPagesByName) {
  std::vector<std::string> seen;
  std::string token;
  do {
    const auto [status, page] =
        world.json("GET", "/v1/skus?page_size=5" + (token.empty() ? "" : "&page_token=" + token));
    ASSERT_EQ(status, 200) << page;
    EXPECT_LE(page["skus"].size(), 5U);
    for (const auto& sku : page["skus"]) seen.push_back(sku["sku"]);
    token = page["next_page_token"];
  } while (!token.empty());
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(seen.size(), 14U);
}

TEST_F(CatalogService, ListsWhatHappenedInPages) {
  stocked("MUG-2", 1);
  for (int i = 2; i <= 5; ++i) {
    ASSERT_EQ(send("POST", "/v1/skus/MUG-2/receipts", R"({"quantity":1})", "k" + std::to_string(i)).status, 200);
  }
  const auto [status, page] = world.json("GET", "/v1/skus/MUG-2/events?after_version=2&page_size=2");
  ASSERT_EQ(status, 200) << page;
  ASSERT_EQ(page["events"].size(), 2U);
  EXPECT_EQ(page["events"][0]["version"], 3);
  EXPECT_EQ(page["events"][1]["version"], 4);
}

TEST_F(CatalogService, AnswersOverGrpcAsOverRest) {
  catalog::v1::ReceiveStockRequest request;
  request.set_sku("SOLD-OUT");
  request.set_quantity(3);
  chassis::rpc::Call call{
      "/catalog.v1.CatalogService/ReceiveStock", request.SerializeAsString(), {}, world.clock.monotonic() + 1s};
  call.metadata.add("idempotency-key", "k-1");
  const auto channel = world.rpc.connect("127.0.0.1:9086");
  const auto answer = world.ask(channel->call(call));
  ASSERT_TRUE(answer && *answer) << answer->error().message;
  catalog::v1::Sku sku;
  ASSERT_TRUE(sku.ParseFromString(answer->value()));
  EXPECT_EQ(sku.available(), 3);
  EXPECT_EQ(stock("SOLD-OUT"), "3/0/3@1");
}

TEST_F(CatalogService, IsReadyWithoutTheBrokerButDegraded) {
  EXPECT_EQ(world.json("GET", "/health/ready").second["status"], "ready");
  world.brokers.set(chassis::broker::MemoryBrokers::Health::down);
  world.advance(60s);
  const auto [status, ready] = world.json("GET", "/health/ready");
  EXPECT_EQ(status, 200);
  EXPECT_EQ(ready["status"], "degraded");
  EXPECT_EQ(world.json("GET", "/v1/prices?skus=A1").first, 200);
}

TEST_F(CatalogService, DrainsOnShutdown) {
  world.stop();
  ASSERT_TRUE(world.outcome.has_value());
  EXPECT_TRUE(*world.outcome);
}

}  // namespace
}  // namespace catalog_service
