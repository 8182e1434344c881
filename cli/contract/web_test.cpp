#include "cli/contract/web.hpp"

#include <gtest/gtest.h>

#include "cli/contract/broker.hpp"
#include "cli/contract/rpc.hpp"
#include "cli/contract/run.hpp"

namespace contract {
namespace {

TEST(Urls, AreRead) {
  struct Case {
    const char* text;
    const char* origin;
    const char* target;
    const char* user;
  };
  const std::vector<Case> good{{"http://127.0.0.1:80", "http://127.0.0.1:80", "/", ""},
                               {"https://a.example/x?y=1#z", "https://a.example:443", "/x?y=1", ""},
                               {"http://u:p%40s@[::1]:9292/", "http://[::1]:9292", "/", "u:p@s"},
                               {"http://h?q", "http://h:80", "/?q", ""}};
  for (const auto& one : good) {
    const auto url = parse_url(one.text);
    ASSERT_TRUE(url) << one.text;
    EXPECT_EQ(url.value().origin(), one.origin);
    EXPECT_EQ(url.value().target, one.target);
    EXPECT_EQ(url.value().user, one.user);
  }
  for (const char* bad : {"", "x", "ftp://h", "http://", "http://h:0", "http://h:x", "http://h:70000", "http://h/a b",
                          "http://u%zz@h", "http://h\r\nX: y"}) {
    EXPECT_FALSE(parse_url(bad)) << bad;
  }
}

TEST(Urls, AreResolvedAndShownWithoutSecrets) {
  EXPECT_EQ(resolve_url("http://h:1/a", "/b?c").value(), "http://h:1/b?c");
  EXPECT_EQ(resolve_url("http://h:1/a", "https://x/y").value(), "https://x/y");
  EXPECT_FALSE(resolve_url("http://h:1/a", "b"));
  EXPECT_EQ(shown_url("http://u:p@h/x@y"), "http://h/x@y");
  EXPECT_EQ(shown_url("http://h/x@y"), "http://h/x@y");
}

TEST(Templates, AreFilledInEscaped) {
  EXPECT_EQ(expand("/p/{a}/v/{b}", {{"a", "x/y {b}"}, {"b", "1"}}), "/p/x%2Fy%20%7Bb%7D/v/1");
  EXPECT_EQ(expand("/p", {{"a", "x"}}), "/p");
}

TEST(Selectors, InShortAndAsJson) {
  const std::vector<std::pair<std::string, const char*>> good{
      {"deployed", R"({"deployed":true})"},
      {"main-branch", R"({"mainBranch":true})"},
      {"branch=a=b", R"({"branch":"a=b"})"},
      {"environment=prod", R"({"environment":"prod"})"},
      {"tag=x", R"({"tag":"x","latest":true})"},
      {R"({"consumer":"c","branch":"b"})", R"({"consumer":"c","branch":"b"})"}};
  for (const auto& [text, json] : good) {
    ASSERT_TRUE(read_selector(text)) << text;
    EXPECT_EQ(read_selector(text).value(), base::parse_json(json).value()) << text;
  }
  for (const char* bad : {"", "deploy", "branch", "branch=", "{", "colour=red"})
    EXPECT_FALSE(read_selector(bad)) << bad;
}

TEST(Plugins, TheCallOfAProtobufContract) {
  base::pact::Pact pact;
  base::pact::Interaction interaction;
  EXPECT_EQ(plugin_call(pact, interaction).error().code, base::ErrorCode::unsupported);
  interaction.plugin_configuration = base::Json{{"avro", base::Json::object()}};
  EXPECT_NE(plugin_call(pact, interaction).error().message.find("avro"), std::string::npos);
  interaction.plugin_configuration =
      base::parse_json(R"({"protobuf":{"descriptorKey":"k","service":".user.v1.UserService/GetUser"}})").value();
  EXPECT_NE(plugin_call(pact, interaction).error().message.find("\"k\""), std::string::npos);
  pact.metadata =
      base::parse_json(R"({"plugins":[{"name":"protobuf","configuration":{"k":{"protoDescriptors":"QUJD"}}}]})")
          .value();
  const auto call = plugin_call(pact, interaction);
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_EQ(call.value().method, "user.v1.UserService/GetUser");
  EXPECT_EQ(call.value().descriptors_base64, "QUJD");
}

}  // namespace
}  // namespace contract
