#include "base/pact/file.hpp"

#include <gtest/gtest.h>

#include "base/pact/match.hpp"
#include "base/pact/md5.hpp"

namespace base::pact {
namespace {

std::string whole(const std::string& version, const std::string& list) {
  return R"({"consumer":{"name":"web"},"provider":{"name":"shop"},"metadata":{"pactSpecification":{"version":")" +
         version + R"("}},)" + list + "}";
}

TEST(ReadPact, KnowsTheFormsOfVersion2) {
  const auto pact = read_pact(whole("2.0.0", R"("interactions":[{"description":"a","providerState":"tea is there",
      "request":{"method":"get","path":"/tea","query":"n=1&n=2&s=a+b","headers":{"Accept":"a/b"}},
      "response":{"status":200,"headers":{"Content-Type":"application/json"},"body":{"n":1},
                  "matchingRules":{"$.body.n":{"match":"type"},"$.headers.X":{"regex":"a+"}}}}])"),
                              "f");
  ASSERT_TRUE(pact) << pact.error().message;
  const auto& one = pact.value().interactions.at(0);
  EXPECT_EQ(pact.value().version, Version::v2);
  EXPECT_EQ(one.states.at(0).name, "tea is there");
  EXPECT_EQ(one.request.method, "GET");
  EXPECT_EQ(one.request.query, (Fields{{"n", {"1", "2"}}, {"s", {"a b"}}}));
  EXPECT_EQ(one.response.rules.body.at(0).path.text(), "$.n");
  EXPECT_EQ(one.response.rules.header.at(0).name, "X");
  EXPECT_EQ(one.response.body.bytes, R"({"n":1})");
}

TEST(ReadPact, KnowsTheFormsOfVersion3) {
  const auto pact = read_pact(
      whole("3.0.0",
            R"("messages":[{"description":"a","contents":{"id":1},"metaData":{"contentType":"application/json"},
      "providerStates":[{"name":"s","params":{"id":1}},{"name":"t"}],
      "matchingRules":{"body":{"$.id":{"combine":"OR","matchers":[{"match":"integer"},{"match":"null"}]}}}}])"),
      "f");
  ASSERT_TRUE(pact) << pact.error().message;
  const auto& one = pact.value().interactions.at(0);
  EXPECT_EQ(one.kind, InteractionKind::message);
  EXPECT_EQ(describe(one.states), "s (id=1), and t");
  EXPECT_TRUE(one.message.rules.body.at(0).list.any);
  EXPECT_EQ(one.message.contents.content_type, "application/json");
}

TEST(ReadPact, KnowsTheFormsOfVersion4) {
  const auto pact = read_pact(whole("4.0", R"("interactions":[
      {"type":"Synchronous/HTTP","description":"a","pending":true,"comments":{"text":["x"]},
       "request":{"method":"POST","path":"/","body":{"content":"aGk=","encoded":"base64","contentType":"image/png"}},"response":{"status":204}},
      {"type":"Synchronous/HTTP","description":"b","request":{"body":{"content":"{\"a\":1}","encoded":"JSON","contentType":"application/json"}},
       "response":{"body":{"content":"text","contentType":"application/json","encoded":false}}},
      {"type":"Asynchronous/Messages","description":"c","contents":{"content":{"a":1},"contentType":"application/json"},
       "matchingRules":{"content":{"$.a":{"matchers":[{"match":"type"}]}}}},
      {"type":"Synchronous/Messages","description":"d","transport":"grpc","pluginConfiguration":{"protobuf":{"service":"S/M"}},
       "request":{"contents":{"content":"","contentType":"application/protobuf"}},"response":[{"metadata":{"k":1}},{}]},
      {"type":"Quantum/Messages","description":"e","spin":"up"}])"),
                              "f");
  ASSERT_TRUE(pact) << pact.error().message;
  const auto& all = pact.value().interactions;
  EXPECT_TRUE(all.at(0).pending);
  EXPECT_EQ(all[0].request.body.bytes, "hi");
  EXPECT_EQ(all[1].request.body.bytes, R"({"a":1})");
  EXPECT_EQ(all[1].response.body.bytes, R"("text")");
  EXPECT_EQ(all[2].message.rules.body.at(0).path.text(), "$.a");
  EXPECT_EQ(all[3].transport, "grpc");
  EXPECT_EQ(all[3].sync_responses.size(), 2U);
  EXPECT_EQ(all[4].kind, InteractionKind::other);
}

struct Refused {
  const char* text;
  const char* says;
};
class RefusedPact : public testing::TestWithParam<Refused> {};
TEST_P(RefusedPact, SaysFileInteractionAndPath) {
  const auto pact = read_pact(GetParam().text, "a.json");
  ASSERT_FALSE(pact);
  EXPECT_TRUE(pact.error().message.starts_with("a.json: ")) << pact.error().message;
  EXPECT_NE(pact.error().message.find(GetParam().says), std::string::npos) << pact.error().message;
}

#define ONE(text) R"({"consumer":{"name":"c"},"provider":{"name":"p"},"interactions":[)" text "]}"
#define V4(text)                                                                                                                 \
  R"({"consumer":{"name":"c"},"provider":{"name":"p"},"metadata":{"pactSpecification":{"version":"4.0"}},"interactions":[)" text \
  "]}"

INSTANTIATE_TEST_SUITE_P(
    All, RefusedPact,
    testing::Values(
        Refused{"", "not valid JSON"}, Refused{"[]", "$ must be an object"}, Refused{"{}", "$.consumer is missing"},
        Refused{R"({"consumer":{"name":"c"},"provider":{}})", "$.provider.name is missing"},
        Refused{R"({"consumer":{"name":""},"provider":{}})", "$.consumer.name must not be empty"},
        Refused{R"({"consumer":{"name":"c"},"provider":{"name":"p"},"metadata":{"pactSpecification":{"version":"9"}}})",
                "$.metadata.pactSpecification.version must be 1 to 4"},
        Refused{R"({"consumer":{"name":"c"},"provider":{"name":"p"},"interactions":{}})",
                "$.interactions must be a list"},
        Refused{ONE("7"), "interaction 1: $.interactions[0] must be an object"},
        Refused{ONE("{}"), "$.interactions[0].description is missing"},
        Refused{ONE(R"({"description":"d"})"), "interaction 1 (\"d\"): $.interactions[0].request is missing"},
        Refused{ONE(R"({"description":"d","request":{"method":1}})"),
                "$.interactions[0].request.method must be a text"},
        Refused{ONE(R"({"description":"d","request":{},"response":{"status":99}})"),
                "$.interactions[0].response.status must be a number from 100 to 599"},
        Refused{ONE(R"({"description":"d","request":{"headers":{"A":{}}}})"),
                "$.interactions[0].request.headers['A'] must be a text or a list of texts"},
        Refused{ONE(R"({"description":"d","request":{"matchingRules":{"body":{"$.a[":{"matchers":[]}}}}})"),
                "an index, * or a quoted key is expected"},
        Refused{
            ONE(R"({"description":"d","request":{"matchingRules":{"body":{"$":{"matchers":[{"match":"regex"}]}}}}})"),
            "$.interactions[0].request.matchingRules.body['$'].matchers[0] a matcher lacks \"regex\""},
        Refused{
            ONE(R"({"description":"d","request":{"matchingRules":{"body":{"$":{"combine":"XOR","matchers":[]}}}}})"),
            "must be AND or OR"},
        Refused{ONE(R"({"description":"d","request":{"generators":{"body":{"$.a":{}}}}})"),
                "generators.body['$.a'].type must be a text"},
        Refused{ONE(R"({"description":"d","request":{},"providerStates":[{}]})"), "providerStates[0].name is missing"},
        Refused{V4(R"({"type":"Synchronous/HTTP","description":"d","request":{"body":"x"}})"),
                "request.body must be an object with content"},
        Refused{
            V4(R"({"type":"Synchronous/HTTP","description":"d","request":{"body":{"content":"!","encoded":"base64"}}})"),
            "not base64 at byte 0"},
        Refused{V4(R"({"type":"Synchronous/HTTP","description":"d","pending":"no","request":{}})"),
                ".pending must be true or false"}));

TEST(ReadPact, IsBounded) {
  EXPECT_EQ(read_pact(std::string(max_file_bytes + 1, ' '), "f").error().code, ErrorCode::too_large);
  std::string many = R"({"consumer":{"name":"c"},"provider":{"name":"p"},"interactions":[0)";
  for (std::size_t i = 0; i < max_interactions; ++i) many += ",0";
  EXPECT_NE(read_pact(many + "]}", "f").error().message.find("more than 10000"), std::string::npos);
}

TEST(WritePact, LosesNothingOfWhatItDoesNotKnow) {
  const auto text = R"({"consumer":{"name":"c","team":"a"},"provider":{"name":"p","x":1},"extra":[1],
      "metadata":{"pactSpecification":{"version":"4.0"},"pact-js":{"version":"1"}},
      "interactions":[{"type":"Synchronous/HTTP","description":"d","key":"k","unknown":{"a":1},"contents":"odd","interactionMarkup":{"markup":"m"},
        "providerStates":[{"name":"s","more":2}],"request":{"method":"GET","path":"/","also":true,
          "matchingRules":{"path":{"matchers":[{"match":"regex","regex":".*","note":"n"}]},"cookie":{"a":1}},
          "generators":{"body":{"$.x":{"type":"Telepathy","level":3}}}},
        "response":{"status":200,"body":{"content":"x","contentType":"text/plain","encoded":false,"odd":1}}},
       {"type":"Quantum/Messages","description":"e","spin":"up"}]})";
  const auto pact = read_pact(text, "f");
  ASSERT_TRUE(pact) << pact.error().message;
  const auto written = write_pact(pact.value());
  ASSERT_TRUE(written) << written.error().message;
  for (const char* kept : {R"("team": "a")", R"("x": 1)", R"("extra": [)", R"("pact-js")", R"("unknown")", R"("odd")",
                           R"("markup": "m")", R"("more": 2)", R"("also": true)", R"("note": "n")", R"("cookie")",
                           R"("level": 3)", R"("odd": 1)", R"("spin": "up")", R"("key": "k")"}) {
    EXPECT_NE(written.value().find(kept), std::string::npos) << kept << "\n" << written.value();
  }
  EXPECT_EQ(write_pact(read_pact(written.value(), "f").value()).value(), written.value());
}

// By the official library: bytes in base64 where the content type is none of text; what does not decode is as it is.
TEST(ReadPact, BinaryTextsBeforeVersion4AreBase64) {
  const auto asked = [](const std::string& version, const std::string& type, const std::string& body) {
    const auto pact = read_pact(whole(version, R"("interactions":[{"description":"d","request":{"body":")" + body +
                                                   R"(","headers":{"Content-Type":")" + type + R"("}}}])"),
                                "f");
    EXPECT_TRUE(pact) << pact.error().message;
    return pact ? pact.value().interactions.at(0).request.body.bytes : "";
  };
  for (const char* version : {"2.0.0", "3.0.0"}) {
    EXPECT_EQ(asked(version, "application/octet-stream", "AP8B"), std::string("\0\xff\1", 3));
    EXPECT_EQ(asked(version, "image/png", "iVBORw0KGgo="), "\x89PNG\r\n\x1a\n");
    EXPECT_EQ(asked(version, "multipart/form-data; boundary=x", "LS14LS0="), "--x--");
    EXPECT_EQ(asked(version, "application/octet-stream", "not base64"), "not base64");
    EXPECT_EQ(asked(version, "application/octet-stream", "iVBORw0KGgo"), "iVBORw0KGgo") << "without its padding";
    for (const char* text : {"text/plain", "application/xml", "application/x-www-form-urlencoded"}) {
      EXPECT_EQ(asked(version, text, "AP8B"), "AP8B");
    }
    EXPECT_EQ(asked(version, "application/json", "AP8B"), "\"AP8B\"");
  }
  const auto events = read_pact(
      whole(
          "3.0.0",
          R"("messages":[{"description":"a","contents":"AP8B","metadata":{"contentType":"application/octet-stream"}}])"),
      "f");
  ASSERT_TRUE(events) << events.error().message;
  EXPECT_EQ(events.value().interactions.at(0).message.contents.bytes, std::string("\0\xff\1", 3));
  const auto again = read_pact(write_pact(events.value(), Version::v3).value(), "f").value();
  EXPECT_EQ(again.interactions.at(0).message.contents.bytes, std::string("\0\xff\1", 3));
}

TEST(WritePact, KeepsWhatAnEmptyMessageIs) {
  const auto pact = read_pact(whole("4.0", R"("interactions":[{"type":"Synchronous/Messages","description":"d",
      "request":{"contents":{"content":"","contentType":"application/protobuf;message=.a.B","contentTypeHint":"BINARY","encoded":"base64"}},
      "response":[{"contents":{"contentType":"application/protobuf"}}]}])"),
                              "f");
  ASSERT_TRUE(pact) << pact.error().message;
  const auto written = write_pact(pact.value()).value();
  EXPECT_NE(written.find(R"("contentType": "application/protobuf;message=.a.B")"), std::string::npos) << written;
  EXPECT_NE(written.find(R"("contentTypeHint": "BINARY")"), std::string::npos) << written;
  EXPECT_NE(written.find("\"contentType\": \"application/protobuf\"\n"), std::string::npos) << written;
}

TEST(WritePact, IsTheSameWhateverTheOrder) {
  const auto a =
      read_pact(
          whole(
              "4.0",
              R"("interactions":[{"description":"b","request":{"path":"/b"}},{"description":"a","request":{"path":"/a","method":"GET"}}])"),
          "f")
          .value();
  const auto b =
      read_pact(
          whole(
              "4.0",
              R"("interactions":[{"request":{"method":"GET","path":"/a"},"description":"a"},{"request":{"path":"/b"},"description":"b"}])"),
          "f")
          .value();
  EXPECT_EQ(write_pact(a).value(), write_pact(b).value());
}

TEST(WritePact, InVersion3WhereThatCanHoldIt) {
  const auto http =
      read_pact(
          whole("2.0.0",
                R"("interactions":[{"description":"a","request":{"path":"/","headers":{"A":["1","2"]},"body":"x"}}])"),
          "f")
          .value();
  const auto written = write_pact(http, Version::v3).value();
  EXPECT_NE(written.find(R"("A": "1, 2")"), std::string::npos) << written;
  EXPECT_NE(written.find(R"("version": "3.0.0")"), std::string::npos);
  auto mixed = http;
  mixed.interactions.push_back({});
  mixed.interactions.back().kind = InteractionKind::message;
  EXPECT_FALSE(write_pact(mixed, Version::v3));
  mixed.interactions.back().kind = InteractionKind::sync_message;
  EXPECT_FALSE(write_pact(mixed, Version::v3));
  EXPECT_TRUE(write_pact(mixed, Version::v4));
  EXPECT_FALSE(write_pact(http, Version::v2));
}

TEST(Merge, ReplacesTheSameKeyAndRefusesAConflict) {
  auto pact =
      read_pact(whole("4.0", R"("interactions":[{"description":"a","key":"k","request":{"path":"/"}}])"), "f").value();
  auto again = pact.interactions[0];
  again.request.path = "/other";
  EXPECT_TRUE(merge(pact, again));
  EXPECT_EQ(pact.interactions.size(), 1U);
  EXPECT_EQ(pact.interactions[0].request.path, "/other");
  again.key = "another";
  again.request.path = "/third";
  const auto conflict = merge(pact, again);
  ASSERT_FALSE(conflict);
  EXPECT_EQ(conflict.error().code, ErrorCode::conflict);
  again.states.push_back({"s", Json::object(), Json::object()});
  EXPECT_TRUE(merge(pact, again));
  EXPECT_EQ(pact.interactions.size(), 2U);
  auto stranger = pact;
  stranger.consumer = "somebody";
  EXPECT_FALSE(merge(pact, stranger));
}

TEST(Md5, IsThatOfRfc1321) {
  EXPECT_EQ(md5_hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5_hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(md5_hex("12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
            "57edf4a22be3c955ac49da2e2107b67a");
}

}  // namespace
}  // namespace base::pact
