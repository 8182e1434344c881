#include "services/gateway/domain/public_api.hpp"

#include <gtest/gtest.h>

namespace gateway_service::domain {
namespace {

using base::Json;

Json parsed(const char* text) { return base::parse_json(text).value(); }

const Json users = parsed(
    R"({"paths":{"/v1/users":{"post":{"operationId":"Create","requestBody":{"$ref":"#/components/requestBodies/New"}}},
  "/v1/users/{id}":{"get":{"operationId":"Get","x":{"$ref":"#/components/schemas/Item"}}},"/v1/secrets":{"get":{"operationId":"Secret"}}},
  "components":{"schemas":{"Item":{"type":"object"},"Problem":{"type":"object","title":"p"}}}})");
const Json orders =
    parsed(R"({"paths":{"/v1/orders/{id}":{"get":{"operationId":"Get","x":[{"$ref":"#/components/schemas/Item"}]}}},
  "components":{"schemas":{"Item":{"type":"array","items":{"$ref":"#/components/schemas/Item"}},"Problem":{"type":"object","title":"p"}}}})");
const std::vector<Route> routes = {{"/api/v1/users", "/v1/users", "user", 0},
                                   {"/api/users", "/v1/users", "user", 0},
                                   {"/api/orders", "/v1/orders", "order", 1}};

TEST(PublicApi, HasOnlyWhatRoutesLeadTo) {
  const auto merged = public_api("gateway", routes, {{"user", users}, {"order", orders}});
  std::vector<std::string> paths;
  for (const auto& [path, item] : merged["paths"].items()) paths.push_back(path);
  EXPECT_EQ(paths, (std::vector<std::string>{"/api/v1/users", "/api/v1/users/{id}", "/api/users", "/api/users/{id}",
                                             "/api/orders/{id}"}));
  EXPECT_FALSE(merged.contains("x-undescribed"));
}

TEST(PublicApi, GivesEachOperationAnIdOfItsOwn) {
  const auto merged = public_api("gateway", routes, {{"user", users}, {"order", orders}});
  EXPECT_EQ(merged["paths"]["/api/v1/users/{id}"]["get"]["operationId"], "Get");
  EXPECT_EQ(merged["paths"]["/api/users/{id}"]["get"]["operationId"], "user.Get");
  EXPECT_EQ(merged["paths"]["/api/orders/{id}"]["get"]["operationId"], "order.Get");
}

TEST(PublicApi, RenamesSchemasThatDiffer) {
  const auto merged = public_api("gateway", routes, {{"user", users}, {"order", orders}});
  const auto& schemas = merged["components"]["schemas"];
  EXPECT_EQ(schemas["Item"]["type"], "object");
  EXPECT_EQ(schemas["order.Item"]["items"]["$ref"], "#/components/schemas/order.Item");
  EXPECT_FALSE(schemas.contains("order.Problem"));
  EXPECT_EQ(merged["paths"]["/api/orders/{id}"]["get"]["x"][0]["$ref"], "#/components/schemas/order.Item");
  EXPECT_EQ(merged["paths"]["/api/users/{id}"]["get"]["x"]["$ref"], "#/components/schemas/Item");
}

TEST(PublicApi, NamesWhatItKnowsNothingOf) {
  for (const auto& document : {Json(), Json(5), Json::array()}) {
    const auto merged = public_api("gateway", routes, {{"user", users}, {"order", document}});
    EXPECT_EQ(merged["x-undescribed"], Json::array({"order"}));
  }
}

TEST(PublicApi, SurvivesWhateverAServiceSays) {
  for (const auto* text :
       {"{}", R"({"paths":5,"components":[]})", R"({"paths":{"/v1/users":5},"components":{"schemas":5}})",
        R"({"paths":{"/v1/users":{"get":5,"post":{"operationId":7}}}})"}) {
    EXPECT_TRUE(public_api("gateway", routes, {{"user", parsed(text)}}).is_object()) << text;
  }
}

}  // namespace
}  // namespace gateway_service::domain
