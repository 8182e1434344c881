// Old and new producers against old and new consumers, without a broker.
#include "services/chassis/consumer/schema_check.hpp"

#include <stdexcept>

#include <gmock/gmock.h>

namespace chassis::consumer {
namespace {

using base::ErrorCode;
using base::Json;
using ::testing::HasSubstr;

// Three versions that only upcasters bring together.
constexpr std::string_view v1 =
    R"({"$id":"urn:msctl:event:user.named:1","properties":{"name":{"type":"string","pattern":" "}},"required":["name"]})";
constexpr std::string_view v2 =
    R"({"$id":"urn:msctl:event:user.named:2","properties":{"first":{"type":"string"},"last":{"type":"string"}},
        "required":["first","last"]})";
constexpr std::string_view v3 =
    R"({"$id":"urn:msctl:event:user.named:3","properties":{"first":{"type":"string"},"last":{"type":"string"},
        "initials":{"type":"string","minLength":2}},"required":["first","last","initials"]})";

base::Result<Json> split_name(Json data) {
  const auto name = data.at("name").get<std::string>();
  if (name == "no body") return base::fail(ErrorCode::unavailable, "nobody is called that");
  if (name == "no one") throw std::runtime_error("not even in an error");
  const auto space = name.find(' ');
  return Json{{"first", name.substr(0, space)}, {"last", name.substr(space + 1)}};
}

base::Result<Json> add_initials(Json data) {
  data["initials"] = data.at("first").get<std::string>().substr(0, 1) + data.at("last").get<std::string>().substr(0, 1);
  return data;
}

std::string name_of(int version) { return "urn:msctl:event:user.named:" + std::to_string(version); }

// A consumer that knows some versions, with upcasters up to the newest of them or without.
struct Reader {
  Reader(const std::vector<std::string_view>& texts, bool with_upcasters) : schemas(EventSchemas::read(texts).value()) {
    check.know(schemas);
    const auto& known = schemas.versions_of("user.named");
    for (int from = *known.begin(); with_upcasters && from < *known.rbegin(); ++from) {
      check.upcast("user.named", from, from == 1 ? split_name : add_initials);
    }
  }
  base::Result<Form> read(const std::string& schema, const Json& data) const {
    return check.read("user.named", "user.named", schema, data);
  }

  EventSchemas schemas;
  SchemaCheck check;
};

struct Row {
  std::string_view reader;  // the versions that it knows; with '+' it has upcasters
  int writer;               // the version of the producer; 0 says none, with the newest data
  std::string_view fate;    // the version of what the handler reads, "newer" or "refused"
};

Json data_of(int version) {
  if (version == 1) return {{"name", "Ann Lee"}};
  if (version == 2) return {{"first", "Ann"}, {"last", "Lee"}};
  return {{"first", "Ann"}, {"last", "Lee"}, {"initials", "AL"}};
}

Reader reader_of(std::string_view said) {
  std::vector<std::string_view> texts;
  for (const auto& [digit, text] : {std::pair('1', v1), std::pair('2', v2), std::pair('3', v3)}) {
    if (said.find(digit) != said.npos) texts.push_back(text);
  }
  return Reader(texts, said.ends_with('+'));
}

class Matrix : public ::testing::TestWithParam<Row> {};

TEST_P(Matrix, AnOldOrNewConsumerReadsAnOldOrNewProducer) {
  const auto& [said, writer, fate] = GetParam();
  const auto reader = reader_of(said);
  ASSERT_TRUE(reader.check.sound({"user.named"}));
  const int newest = *reader.schemas.versions_of("user.named").rbegin();
  const auto read = writer == 0 ? reader.read("", data_of(newest)) : reader.read(name_of(writer), data_of(writer));
  if (fate == "newer" || fate == "refused") {
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, fate == "newer" ? ErrorCode::unsupported : ErrorCode::invalid);
    return;
  }
  ASSERT_TRUE(read) << read.error().message;
  const int version = fate[0] - '0';
  EXPECT_EQ(read.value().data, data_of(version));
  EXPECT_EQ(read.value().schema, name_of(version));
}

INSTANTIATE_TEST_SUITE_P(
    Readers, Matrix,
    ::testing::Values(Row{"1", 1, "1"}, Row{"1", 2, "newer"}, Row{"1", 3, "newer"}, Row{"1", 0, "1"},        //
                      Row{"12", 1, "1"}, Row{"12", 2, "2"}, Row{"12", 3, "newer"}, Row{"12", 0, "2"},        //
                      Row{"12+", 1, "2"}, Row{"12+", 2, "2"}, Row{"12+", 3, "newer"}, Row{"12+", 0, "2"},    //
                      Row{"123+", 1, "3"}, Row{"123+", 2, "3"}, Row{"123+", 3, "3"}, Row{"123+", 0, "3"},    //
                      Row{"13+", 1, "3"}, Row{"13+", 2, "refused"}, Row{"13+", 3, "3"}, Row{"13+", 0, "3"},  //
                      Row{"2", 1, "refused"}, Row{"2", 2, "2"}, Row{"2", 3, "newer"}, Row{"2", 0, "2"},      //
                      Row{"23+", 1, "refused"}, Row{"23+", 2, "3"}, Row{"23+", 3, "3"}, Row{"23+", 0, "3"}));

TEST(SchemaCheck, NamesTheFieldsThatAreRefused) {
  const auto reader = reader_of("123+");
  EXPECT_EQ(reader.read(name_of(2), {{"first", 1}}).error().message,
            "version 2 of user.named refuses it: last is missing; first must be of type string");
  EXPECT_EQ(reader.read("", data_of(2)).error().message, "version 3 of user.named refuses it: initials is missing");
  EXPECT_EQ(reader.read(name_of(1), 7).error().message.substr(0, 12), "it could not")
      << "a schema that says nothing of the type lets it pass; the upcaster does not";
}

TEST(SchemaCheck, WhatAnUpcasterMakesIsValidatedAndItsFailureIsOne) {
  const auto reader = reader_of("123+");
  const auto message = [&reader](const std::string& name) {
    const auto read = reader.read(name_of(1), {{"name", name}});
    return read ? "" : read.error().code == ErrorCode::invalid ? read.error().message : "another code";
  };
  EXPECT_EQ(message("A "),
            "brought up from version 1: version 3 of user.named refuses it: initials must have at least 2 "
            "characters");
  EXPECT_EQ(message("no body"), "it could not be brought up to version 2: nobody is called that");
  EXPECT_EQ(message("no one"), "it could not be brought up to version 2: not even in an error");
}

TEST(SchemaCheck, RefusesWhatItCannotPlace) {
  const auto reader = reader_of("12");
  for (const auto* schema : {"urn:x", "urn:msctl:event:user.renamed:1", "urn:msctl:event:user.named:0",
                             "urn:msctl:event:user.named:v2", "urn:msctl:event:user.renamed:3"}) {
    const auto read = reader.read(schema, data_of(1));
    ASSERT_FALSE(read) << schema;
    EXPECT_EQ(read.error().code, ErrorCode::invalid) << schema;
    EXPECT_THAT(read.error().message, HasSubstr("names no version of user.named"));
  }
  const auto other = reader.check.read("user.named", "user.renamed", name_of(1), data_of(1));
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("another type"));
}

TEST(SchemaCheck, AReasonHasAnEnd) {
  const auto schemas =
      EventSchemas::read({R"({"$id":"urn:msctl:event:a:1","additionalProperties":{"type":"string"}})"}).value();
  SchemaCheck check;
  check.know(schemas);
  std::string name(99, 'x');  // the cut would fall into what follows
  for (int i = 0; i < 200; ++i) name += "é";
  Json data{{name, 1}};
  for (int i = 0; i < 50; ++i) data["n" + std::to_string(i)] = i;
  const auto read = check.read("a", "a", "", data);
  ASSERT_FALSE(read);
  EXPECT_LT(read.error().message.size(), 800U);
  EXPECT_THAT(read.error().message, HasSubstr("; and more"));
  EXPECT_NO_THROW(static_cast<void>(Json(read.error().message).dump())) << "is UTF-8";
}

TEST(SchemaCheck, ChecksNothingWithoutSchemas) {
  const SchemaCheck check;
  EXPECT_TRUE(check.sound({"user.named"}));
  const auto read = check.read("user.named", "whatever", "urn:x", 7);
  ASSERT_TRUE(read);
  EXPECT_EQ(read.value().data, 7);
  EXPECT_EQ(read.value().schema, "urn:x");
}

TEST(SchemaCheck, SaysInASentenceWhatDoesNotFitTogether) {
  const auto why = [](const std::vector<std::string_view>& texts, const std::vector<int>& upcasters,
                      const std::set<std::string>& consumed = {"user.named"}) {
    const auto schemas = EventSchemas::read(texts).value();
    SchemaCheck check;
    if (!texts.empty()) check.know(schemas);
    for (const int from : upcasters) check.upcast("user.named", from, add_initials);
    const auto sound = check.sound(consumed);
    return sound ? "" : sound.error().message;
  };
  EXPECT_EQ(why({v1, v2, v3}, {}), "");
  EXPECT_EQ(why({v1, v2, v3}, {1, 2}), "");
  EXPECT_EQ(why({v1, v2, v3}, {1}), "user.named has upcasters, but none from version 2 to version 3");
  EXPECT_EQ(why({v1, v2, v3}, {2}), "user.named has upcasters, but none from version 1 to version 2");
  EXPECT_EQ(why({v1, v3}, {1}), "user.named has upcasters, but none from version 2 to version 3");
  EXPECT_EQ(why({v1, v2}, {1, 2}),
            "user.named has an upcaster from version 2, but the newest that is known is version 2");
  EXPECT_EQ(why({v2, v3}, {1, 2}),
            "user.named has an upcaster from version 1, but the oldest that is known is version 2");
  EXPECT_EQ(why({v1, v2}, {1, 1}), "user.named has two upcasters from version 1");
  EXPECT_EQ(why({v1, v2}, {1}, {"user.made"}), "user.named has an upcaster and is not consumed");
  EXPECT_EQ(why({}, {1}), "user.named has an upcaster, and no schemas were given to check_with()");
  EXPECT_EQ(why({v1}, {}, {"user.named", "user.made"}),
            "user.made is consumed and no version of its schema is known: name its file in msctl_consumes()");
}

}  // namespace
}  // namespace chassis::consumer
