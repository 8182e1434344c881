#include "services/chassis/api/openapi.hpp"

#include <gtest/gtest.h>

#include "services/chassis/api/testdata/sample.pb.h"

namespace chassis {
namespace {

using base::Json;
using test::Inner;
using test::Sample;

Json document() {
  return openapi(
      "things", "chassis.test.v3.Things",
      {{"POST",
        "/v3/things",
        "Make",
        201,
        Sample::descriptor(),
        Sample::descriptor(),
        {"Makes one", {"id", "items", "items.name"}}},
       {"GET", "/v3/things/{id}/{small}", "Get", 200, Sample::descriptor(), Inner::descriptor(), {"", {"flag"}}}});
}

TEST(OpenApi, RequiresOfARequestWhatTheRouteSays) {
  const auto schemas = document()["components"]["schemas"];
  const auto& request = schemas["chassis.test.Sample.Request"];
  EXPECT_EQ(request["required"], Json::array({"id", "items"}));
  EXPECT_EQ(request["additionalProperties"], false);
  EXPECT_EQ(request["properties"]["items"]["items"]["$ref"], "#/components/schemas/chassis.test.Inner.Request");
}

TEST(OpenApi, RequiresOfAResponseWhatIsAlwaysPrinted) {
  const auto response = document()["components"]["schemas"]["chassis.test.Sample"];
  EXPECT_EQ(response["required"],
            Json::array({"id", "small", "large", "huge", "flag", "ratio", "colour", "items", "tags", "totals"}));
  EXPECT_FALSE(response.contains("additionalProperties"));
  EXPECT_EQ(document()["components"]["schemas"]["chassis.test.Inner"]["required"], Json::array({"name", "cents"}));
}

TEST(OpenApi, KnowsTheTypes) {
  const auto fields = document()["components"]["schemas"]["chassis.test.Sample"]["properties"];
  EXPECT_EQ(base::dump_json(fields["small"]), R"({"type":"integer","format":"int32"})");
  EXPECT_EQ(base::dump_json(fields["large"]), R"({"type":"integer","format":"int64"})");
  EXPECT_EQ(base::dump_json(fields["huge"]), R"({"type":"integer","minimum":0})");
  EXPECT_EQ(base::dump_json(fields["ratio"]), R"({"type":"number","format":"double"})");
  EXPECT_EQ(base::dump_json(fields["colour"]), R"({"type":"string","enum":["NONE","RED"]})");
  EXPECT_EQ(base::dump_json(fields["tags"]), R"({"type":"array","items":{"type":"string"}})");
  EXPECT_EQ(base::dump_json(fields["totals"]),
            R"({"type":"object","additionalProperties":{"type":"integer","format":"int64"}})");
  EXPECT_EQ(base::dump_json(fields["inner"]), R"({"$ref":"#/components/schemas/chassis.test.Inner"})");
}

TEST(OpenApi, TellsParametersByTheirPlace) {
  const auto get = document()["paths"]["/v3/things/{id}/{small}"]["get"];
  std::vector<std::string> found;
  for (const auto& each : get["parameters"]) {
    found.push_back(each["in"].get<std::string>() + " " + each["name"].get<std::string>() +
                    (each["required"] == true ? "!" : ""));
  }
  EXPECT_EQ(found, (std::vector<std::string>{"path id!", "path small!", "query large", "query huge", "query flag!",
                                             "query ratio", "query colour", "query note"}));
  EXPECT_FALSE(get.contains("requestBody"));
  EXPECT_TRUE(get["responses"].contains("200") && get["responses"].contains("404") &&
              get["responses"].contains("default"));
}

TEST(OpenApi, HasTheHeadThatLintersWant) {
  const auto whole = document();
  EXPECT_EQ(whole["openapi"], "3.1.0");
  EXPECT_EQ(whole["info"]["title"], "things");
  EXPECT_EQ(whole["info"]["version"], "v3");
  EXPECT_EQ(whole["servers"], base::parse_json(R"([{"url":"/"}])").value());
  EXPECT_EQ(whole["tags"], base::parse_json(R"([{"name":"things"}])").value());
  EXPECT_EQ(whole["paths"]["/v3/things"]["post"]["responses"]["201"]["headers"].size(), 1U);
  EXPECT_EQ(whole["paths"]["/v3/things"]["post"]["tags"], Json::array({"things"}));
}

}  // namespace
}  // namespace chassis
