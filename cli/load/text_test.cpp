#include "cli/load/text.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <set>

namespace load {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

struct World {
  World() {
    frame.slots.resize(3);
    names.slot("id");
    names.slot("name");
    names.slot("list");
    frame.slots[0] = {"42", true};
    frame.slots[1] = {"Ann \"A\" & co/1", false};
    frame.slots[2] = {"[1,2]", true};
    names.data["users"] = {"email", "age"};
    names.data_index["users"] = 0;
    data.push_back({{"email", "age"}, {{{"a@x.io", false}, {"30", true}}, {{"b@x.io", false}, {"40", true}}}});
  }

  std::string fill(const std::string& text, Escape escape = Escape::none) {
    const auto read = read_text(text, escape, names);
    EXPECT_TRUE(read) << read.error().message;
    return filled(read.value());
  }
  std::string fill_json(const char* json) {
    const auto read = read_json_text(base::parse_json(json).value(), names);
    EXPECT_TRUE(read) << read.error().message;
    return filled(read.value());
  }
  std::string filled(const Text& text) {
    Filler filler(data, "run1", 0, 1, 1);
    if (frame.rows.empty()) frame.rows.resize(1);
    std::string out;
    filler.append(text, frame, out);
    return out;
  }

  Names names;
  std::vector<DataSet> data;
  Frame frame;
};

TEST(Text, ValuesAreWrittenAsThePlaceWants) {
  World world;
  EXPECT_EQ(world.fill("/u/${id}?n=${name}", Escape::url), "/u/42?n=Ann%20%22A%22%20%26%20co%2F1");
  EXPECT_EQ(world.fill("x-${name}", Escape::header), "x-Ann \"A\" & co/1");
  world.frame.slots[1].text = "a\r\nEvil: 1";
  EXPECT_EQ(world.fill("${name}", Escape::header), "aEvil: 1");
}

TEST(Text, InJsonATextAloneKeepsItsType) {
  World world;
  EXPECT_EQ(world.fill_json(R"({"a": "${id}", "b": "n${id}", "c": "${name}", "d": "${list}", "e": 1.5, "f": null})"),
            R"({"a":42,"b":"n42","c":"Ann \"A\" & co/1","d":[1,2],"e":1.5,"f":null})");
  EXPECT_EQ(world.fill_json(R"(["${data.users.age}", "${data.users.email}"])"), R"([30,"a@x.io"])");
  EXPECT_EQ(world.fill_json(R"({"q": "say \"${name}\""})"), R"({"q":"say \"Ann \"A\" & co/1\""})");
}

TEST(Text, Generators) {
  World world;
  EXPECT_THAT(world.fill("${uuid}"),
              MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_THAT(world.fill("${letters:5}"), MatchesRegex("[a-z]{5}"));
  EXPECT_THAT(world.fill("${now}"), MatchesRegex("20[0-9-]*T[0-9:.]*Z"));
  EXPECT_THAT(world.fill("${random:3:3} ${random:-2:-1}"), MatchesRegex("3 -[12]"));
  EXPECT_EQ(world.fill("${run}"), "run1");
  EXPECT_EQ(world.fill("$${id} costs $5"), "${id} costs $5");
  EXPECT_THAT(world.fill("${random:-9223372036854775808:9223372036854775807}"), MatchesRegex("-?[0-9]+"));
  ::setenv("MSCTL_TEST_TOKEN", "secret", 1);
  EXPECT_EQ(world.fill("${env:MSCTL_TEST_TOKEN}"), "secret");
  EXPECT_EQ(world.fill("${env:MSCTL_TEST_NONE:-other}"), "other");
}

TEST(Text, CountersOfSeveralThreadsNeverGiveTheSame) {
  World world;
  const Text text = read_text("${counter}", Escape::none, world.names).value();
  std::set<std::string> seen;
  for (unsigned thread = 0; thread < 3; ++thread) {
    Filler filler(world.data, "r", thread, 3, 1);
    for (int i = 0; i < 100; ++i) {
      std::string out;
      filler.append(text, world.frame, out);
      EXPECT_TRUE(seen.insert(out).second) << out;
    }
  }
  EXPECT_TRUE(seen.contains("1"));
  EXPECT_TRUE(seen.contains("300"));
}

TEST(Text, RowsGoInTurnOrAtRandom) {
  World world;
  const Text text = read_text("${data.users.email}", Escape::none, world.names).value();
  Filler filler(world.data, "r", 0, 1, 1);
  std::string out;
  for (int i = 0; i < 3; ++i) {
    filler.begin(world.frame);
    filler.append(text, world.frame, out);
  }
  EXPECT_EQ(out, "a@x.iob@x.ioa@x.io");
  world.data[0].order = DataSet::Order::random;
  out.clear();
  for (int i = 0; i < 50; ++i) {
    filler.begin(world.frame);
    filler.append(text, world.frame, out);
  }
  EXPECT_THAT(out, HasSubstr("a@x.ioa@x.io"));
}

TEST(Text, MistakesAreNamed) {
  World world;
  for (const auto& [text, why] :
       std::vector<std::pair<std::string, std::string>>{{"${nmae}", "did you mean ${name}?"},
                                                        {"${id", "without its }"},
                                                        {"${}", "neither a variable"},
                                                        {"${data.users.mail}", "${data.users.email}"},
                                                        {"${data.users}", "neither"},
                                                        {"${random:5:1}", "LOW first"},
                                                        {"${random:1}", "random:LOW:HIGH"},
                                                        {"${letters:0}", "letters:COUNT"},
                                                        {"${env:MSCTL_TEST_NONE}", "is not set"}}) {
    const auto read = read_text(text, Escape::none, world.names);
    ASSERT_FALSE(read) << text;
    EXPECT_THAT(read.error().message, HasSubstr(why)) << text;
  }
}

}  // namespace
}  // namespace load
