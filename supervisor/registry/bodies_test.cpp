#include "supervisor/registry/bodies.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace registry {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ParseDuration, ReadsWhatGoWrites) {
  EXPECT_EQ(parse_duration("10s"), 10s);
  EXPECT_EQ(parse_duration("1h2m3.5s"), 1h + 2min + 3500ms);
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("1500us"), 1ms);
  EXPECT_EQ(parse_duration("-2m"), -2min);
  EXPECT_EQ(parse_duration("0"), 0ms);
  for (const char* bad : {"", "10", "s", "10 s", "10x", "--1s", "1s2", "1e3s", "infs", "99999999h", "+"}) {
    EXPECT_FALSE(parse_duration(bad)) << bad;
  }
}

TEST(FormatDuration, WritesAsGoDoes) {
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(format_duration(250ms), "250ms");
  EXPECT_EQ(format_duration(10s), "10s");
  EXPECT_EQ(format_duration(60s), "1m0s");
  EXPECT_EQ(format_duration(90min), "1h30m0s");
  EXPECT_EQ(format_duration(1500ms), "1.5s");
}

TEST(ReadService, ReadsEverythingInAnyCase) {
  const auto read = read_service(std::string(R"({
    "ID": "w1", "name": "web", "TAGS": ["a", "b"], "Address": "127.0.0.1", "port": 80, "Meta": {"k": "v"},
    "enable_tag_override": true, "Weights": {"Passing": 10, "Warning": 2}, "Unknown": {"x": 1}, "Check": null,
    "Checks": [{"TTL": "15s", "DeregisterCriticalServiceAfter": "10s"},
               {"check_id": "h", "http": "http://localhost:80/health?x=1", "interval": "5s", "Timeout": "1s"},
               {"TCP": "127.0.0.1:81", "Status": "passing"}]})"));
  ASSERT_TRUE(read) << read.error().message;
  const auto& service = read.value();
  EXPECT_EQ(service.id, "w1");
  EXPECT_EQ(service.name, "web");
  EXPECT_THAT(service.tags, ElementsAre("a", "b"));
  EXPECT_EQ(service.port, 80);
  EXPECT_EQ(service.meta.at("k"), "v");
  EXPECT_TRUE(service.enable_tag_override);
  EXPECT_EQ(service.weight_passing, 10);
  ASSERT_EQ(service.checks.size(), 3U);
  EXPECT_EQ(service.checks[0].ttl, 15s);
  EXPECT_EQ(service.checks[0].deregister_after, 60s) << "Consul's minimum";
  EXPECT_EQ(service.checks[1].kind, CheckKind::http);
  EXPECT_EQ(service.checks[1].path, "/health?x=1");
  EXPECT_EQ(service.checks[1].interval, 5s);
  EXPECT_EQ(service.checks[2].port, 81);
  EXPECT_EQ(service.checks[2].interval, 10s);
  EXPECT_EQ(service.checks[2].initial, Status::passing);
}

TEST(ReadService, WhatServiceBodyWritesReadsBackAlike) {
  const auto first = read_service(std::string(
      R"({"Name": "web", "Checks": [{"CheckID": "h", "HTTP": "http://127.0.0.1/x", "Interval": "7s", "Notes": "n"}]})"));
  ASSERT_TRUE(first);
  Check check;
  check.definition = first.value().checks[0];
  check.status = Status::warning;
  const auto again = read_service(service_body(first.value(), {&check}));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again.value().name, "web");
  ASSERT_EQ(again.value().checks.size(), 1U);
  EXPECT_EQ(again.value().checks[0].id, "h");
  EXPECT_EQ(again.value().checks[0].interval, 7s);
  EXPECT_EQ(again.value().checks[0].port, 80);
  EXPECT_EQ(again.value().checks[0].notes, "n");
  EXPECT_EQ(again.value().checks[0].initial, Status::warning);
}

struct Bad {
  const char* body;
  const char* says;
};

TEST(ReadService, SaysWhatIsWrong) {
  const std::vector<Bad> cases{
      {"", "Request decode failed: "},
      {"[]", "Request decode failed: expected an object, got array"},
      {"{}", "Missing service name"},
      {R"({"Name": 1})", "Name: expected a string, got number"},
      {R"({"Name": "a\nb"})", "control characters"},
      {R"({"Name": "a", "Port": "80"})", "Port: expected a whole number, got string"},
      {R"({"Name": "a", "Port": 70000})", "Port: expected 0 to 65535"},
      {R"({"Name": "a", "Port": 18446744073709551615})", "Port: expected 0 to 65535"},
      {R"({"Name": "a", "Tags": "x"})", "Tags: expected a list of strings"},
      {R"({"Name": "a", "Tags": [1]})", "Tags: expected a list of strings"},
      {R"({"Name": "a", "Meta": {"k": 1}})", "Meta: expected an object of strings"},
      {R"({"Name": "a", "Address": "0.0.0.0"})", "Invalid service address"},
      {R"({"Name": "a", "Weights": {"Passing": -1}})", "Weights.Passing: expected 0 to 65535"},
      {R"({"Name": "a", "Check": {"Name": "x"}})", "Invalid check: TTL must be > 0 for TTL checks"},
      {R"({"Name": "a", "Check": {"TTL": "soon"}})", "Check.TTL: expected a duration"},
      {R"({"Name": "a", "Check": {"TTL": "-5s"}})", "Check.TTL: must not be negative"},
      {R"({"Name": "a", "Check": {"TTL": -1}})", "Check.TTL: must not be negative"},
      {R"({"Name": "a", "Check": {"TTL": 18446744073709551615}})", "Check.TTL: must not be negative"},
      {R"({"Name": "a", "Check": {"HTTP": "http://127.0.0.1/", "Interval": 1}})", "Interval must be at least 1s"},
      {R"({"Name": "a", "Check": {"TTL": "5s", "HTTP": "http://127.0.0.1/"}})", "cannot both be specified"},
      {R"({"Name": "a", "Check": {"TTL": "5s", "Status": "great"}})", "Status for checks must"},
      {R"({"Name": "a", "Checks": {}})", "Checks: expected a list"},
      {R"({"Name": "a", "Checks": [7]})", "Checks[0].expected an object"},
      {R"({"Name": "a", "Check": {"Args": ["rm"], "Interval": "5s"}})", "Args is not supported"},
      {R"({"Name": "a", "Check": {"GRPC": "127.0.0.1:1", "Interval": "5s"}})", "GRPC is not supported"},
  };
  for (const auto& each : cases) {
    const auto read = read_service(std::string(each.body));
    ASSERT_FALSE(read) << each.body;
    EXPECT_EQ(read.error().code, base::ErrorCode::malformed);
    EXPECT_THAT(read.error().message, HasSubstr(each.says)) << each.body;
  }
}

TEST(ReadService, NothingButThisMachineIsEverAsked) {
  for (const char* url :
       {"http://169.254.169.254/latest", "http://example.com/", "https://127.0.0.1/", "ftp://127.0.0.1",
        "http://127.0.0.1@evil.com/", "http://evil.com:80#127.0.0.1:80", "http://[::1]:80/", "http://127.0.0.1:0/",
        "http://127.0.0.1:99999/", "http://127.0.0.1:80x/", "http://", "http://localhost.evil.com/",
        "http://127.0.0.1:80/a b", "http://127.0.0.1:80/\\r\\nX: y"}) {
    const auto read =
        read_service(R"({"Name": "a", "Check": {"Interval": "5s", "HTTP": ")" + std::string(url) + R"("}})");
    ASSERT_FALSE(read) << url;
    EXPECT_THAT(read.error().message, HasSubstr("Invalid check")) << url;
  }
  for (const char* address : {"10.0.0.1:22", "127.0.0.1", "localhost:", ":80", "evil.com:80"}) {
    EXPECT_FALSE(
        read_service(R"({"Name": "a", "Check": {"Interval": "5s", "TCP": ")" + std::string(address) + R"("}})"))
        << address;
  }
}

TEST(ReadService, ReadsDurationsInNanoseconds) {
  const auto read = read_service(std::string(R"({"Name": "a", "Check": {"TTL": 15000000000}})"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read.value().checks[0].ttl, 15s);
}

TEST(ReadService, LimitsEverything) {
  std::string tags;
  for (int i = 0; i < 65; ++i) tags += std::string(i == 0 ? "" : ",") + "\"t\"";
  EXPECT_FALSE(read_service(R"({"Name": "a", "Tags": [)" + tags + "]}"));
  EXPECT_FALSE(read_service(R"({"Name": ")" + std::string(256, 'a') + R"("})"));
  EXPECT_FALSE(read_service(R"({"Name": "a", "Meta": {"k": ")" + std::string(513, 'v') + R"("}})"));
  EXPECT_FALSE(read_service(std::string(1000, '[')));
}

TEST(ReadCheck, NeedsAName) {
  EXPECT_EQ(read_check(R"({"TTL": "5s"})").error().message, "Missing check name");
  const auto read = read_check(R"({"name": "disk", "ttl": "5s", "serviceid": "w1", "id": "d"})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read.value().service_id, "w1");
  EXPECT_EQ(read.value().check.id, "d");
}

TEST(ReadUpdate, KnowsThreeStates) {
  EXPECT_EQ(read_update(R"({"Status": "great"})").error().message, "Invalid check status: 'great'");
  const auto read = read_update(R"({"Status": "warning", "Output": "hot"})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read.value().status, Status::warning);
  EXPECT_EQ(read.value().output, "hot");
}

}  // namespace
}  // namespace registry
