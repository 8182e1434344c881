#include "services/chassis/config/config.hpp"

#include <gmock/gmock.h>

#include "base/json.hpp"

namespace chassis {
namespace {

using ::testing::HasSubstr;

constexpr auto whole = R"({
  "version": 1,
  "service": {"name": "order-service", "version": "0.1.0", "instance": "order-service-1"},
  "bind": "127.0.0.1",
  "ports": {"http": 8082, "grpc": 9082},
  "database": {"url": "sqlite:/tmp/orders.db"},
  "broker": {"url": "nats://127.0.0.1:4222"},
  "calls": {"user-service": {"address": "127.0.0.1:9081", "timeout_ms": 1500}},
  "consumes": {"user.created": ["user-service"]},
  "limits": {"body_bytes": 4096, "connections": 7},
  "stop_grace_ms": 3000,
  "routes": [{"prefix": "/api", "to": "/", "service": "a", "address": "127.0.0.1:1"},
             {"prefix": "/api/v1", "to": "/v1", "service": "b", "address": "127.0.0.1:2"}]
})";

TEST(ParseConfig, ReadsAWholeDocument) {
  const auto result = parse_config(whole);
  ASSERT_TRUE(result) << result.error().message;
  const auto& config = result.value();
  EXPECT_EQ(config.name, "order-service");
  EXPECT_EQ(config.instance, "order-service-1");
  EXPECT_EQ(config.ports.at("grpc"), 9082);
  EXPECT_EQ(config.database_url, "sqlite:/tmp/orders.db");
  EXPECT_EQ(config.broker_url, "nats://127.0.0.1:4222");
  EXPECT_EQ(config.calls.at("user-service").timeout, std::chrono::milliseconds(1500));
  EXPECT_EQ(config.publishers.at("user.created"), std::vector<std::string>{"user-service"});
  EXPECT_EQ(config.body_bytes, 4096U);
  EXPECT_EQ(config.connections, 7U);
  EXPECT_EQ(config.stop_grace, std::chrono::milliseconds(3000));
  ASSERT_EQ(config.routes.size(), 2U);
  EXPECT_EQ(config.routes[0].prefix, "/api/v1") << "longest prefix first";
}

TEST(ParseConfig, DiscoveryIsStaticUnlessItSaysOtherwise) {
  EXPECT_EQ(parse_config(whole).value().discovery.driver, DiscoveryDriver::none);
  auto document = base::parse_json(whole).value();
  document["discovery"] = {{"driver", "static"}};
  EXPECT_EQ(parse_config(base::dump_json(document)).value().discovery.driver, DiscoveryDriver::none);
  document["discovery"] = {{"driver", "consul"}, {"address", "127.0.0.1:8500"}};
  const auto config = parse_config(base::dump_json(document));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config.value().discovery.driver, DiscoveryDriver::consul);
  EXPECT_EQ(config.value().discovery.address, "127.0.0.1:8500");
}

TEST(ParseConfig, TheDoorToProviderStatesIsShutUnlessASecretIsThere) {
  EXPECT_EQ(parse_config(whole).value().states_secret, "");
  auto document = base::parse_json(whole).value();
  document["provider_states"] = {{"secret", "0123456789abcdef"}};
  EXPECT_EQ(parse_config(base::dump_json(document)).value().states_secret, "0123456789abcdef");
  for (const base::Json& bad : {base::Json{{"secret", ""}}, base::Json{{"secret", "short"}}, base::Json::object(),
                                base::Json(true), base::Json{{"secret", "0123456789abcdef"}, {"more", 1}}}) {
    document["provider_states"] = bad;
    EXPECT_FALSE(parse_config(base::dump_json(document))) << bad;
  }
}

TEST(ParseConfig, TheServiceAloneIsEnough) {
  const auto result = parse_config(R"({"service": {"name": "a", "version": "1"}})");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result.value().instance, "a");
  EXPECT_EQ(result.value().bind, "127.0.0.1");
}

struct Bad {
  const char* pointer;  // what is replaced in the whole document
  const char* value;
  const char* message;
};

class ParseBadConfig : public ::testing::TestWithParam<Bad> {};

TEST_P(ParseBadConfig, NamesTheKeyAndWhatWasExpected) {
  auto document = base::parse_json(whole).value();
  document[base::Json::json_pointer(GetParam().pointer)] = base::parse_json(GetParam().value).value();
  const auto result = parse_config(base::dump_json(document));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, base::ErrorCode::malformed);
  EXPECT_THAT(result.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, ParseBadConfig,
    ::testing::Values(Bad{"/service", "{\"version\":\"1\"}", "service.name: missing, expected a string"},
                      Bad{"/service/name", "\"Not A Label\"", "service.name: expected 1-63 of"},
                      Bad{"/service/name", "7", "service.name: expected a string, got number"},
                      Bad{"/colour", "1", "colour: unknown key"}, Bad{"/version", "2", "version: expected"},
                      Bad{"/service/colour", "1", "service.colour: unknown key"},
                      Bad{"/ports/http", "70000", "ports.http: expected a port number"},
                      Bad{"/ports/http", "-1", "ports.http: expected a port number"},
                      Bad{"/ports/ftp", "1", "ports.ftp: unknown key"},
                      Bad{"/database/url", "\"mysql:x\"",
                          "database.url: expected a URL that starts with sqlite: or postgres://"},
                      Bad{"/broker", "[]", "broker: expected an object, got array"},
                      Bad{"/calls/user-service/address", "\"nowhere\"", "calls.user-service.address: expected address"},
                      Bad{"/calls/user-service/timeout_ms", "0", "calls.user-service.timeout_ms: expected a whole"},
                      Bad{"/calls/user-service/timeout_ms", "1.5", "got number"},
                      Bad{"/consumes/user.created", "\"x\"", "consumes.user.created: expected a list of services"},
                      Bad{"/discovery", "{}", "discovery.driver: missing, expected a string"},
                      Bad{"/discovery", "{\"driver\":\"etcd\"}", "discovery.driver: expected static or consul"},
                      Bad{"/discovery", "{\"driver\":\"consul\"}", "discovery.address: missing"},
                      Bad{"/discovery", "{\"driver\":\"static\",\"x\":1}", "discovery.x: unknown key"},
                      Bad{"/limits/body_bytes", "18446744073709551615", "limits.body_bytes: expected a whole"},
                      Bad{"/routes", "{}", "routes: expected a list, got object"},
                      Bad{"/routes/0/prefix", "\"api\"", "routes[0].prefix: expected a path"},
                      Bad{"/routes/1/extra", "1", "routes[1].extra: unknown key"},
                      Bad{"/stop_grace_ms", "\"1s\"", "stop_grace_ms: expected a whole number"}));

TEST(ParseConfig, ListsEveryProblem) {
  const auto result = parse_config(R"({"service": {"name": "a"}, "bind": 1})");
  ASSERT_FALSE(result);
  ASSERT_EQ(result.error().fields.size(), 2U);
  EXPECT_EQ(result.error().fields[0].field, "service.version");
  EXPECT_EQ(result.error().fields[1].field, "bind");
}

TEST(ParseConfig, RefusesWhatIsNotAnObject) {
  EXPECT_FALSE(parse_config("[]"));
  EXPECT_FALSE(parse_config("{"));
}

}  // namespace
}  // namespace chassis
