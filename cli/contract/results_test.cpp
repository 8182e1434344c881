#include "cli/contract/results.hpp"

#include <gmock/gmock.h>

namespace contract {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<Result> some() {
  Result kept{"shop", "users", "a user", "a user exists", "Synchronous/HTTP", "a.json"};
  Result broken = kept;
  broken.interaction = "<a> \"user\"";
  broken.outcome = Outcome::mismatched;
  base::pact::Mismatch mismatch;
  mismatch.path = "$.name";
  mismatch.expected = "\"Ann\"";
  mismatch.actual = "7";
  mismatch.message = "expected a text,\ngot a number";
  broken.mismatches.push_back(mismatch);
  broken.why = sentence(mismatch);
  Result pending = broken;
  pending.pending = true;
  Result down = kept;
  down.outcome = Outcome::unreachable;
  down.why = "connection refused";
  Result file;
  file.source = "x.json";
  file.outcome = Outcome::unreadable;
  file.why = "is no JSON";
  return {kept, broken, pending, down, file};
}

TEST(Results, AreCounted) {
  const Totals totals = totals_of(some());
  EXPECT_EQ(totals.passed, 1U);
  EXPECT_EQ(totals.failed, 3U);
  EXPECT_EQ(totals.unreachable, 1U);
  EXPECT_EQ(totals.pending, 1U);
}

TEST(Results, AsSentenceOnOneLine) {
  using base::pact::Place;
  base::pact::Mismatch mismatch;
  mismatch.message = "a\nb";
  const std::vector<std::pair<Place, std::string>> places{{Place::body, "the body: a b"},
                                                          {Place::header, "the headers: a b"},
                                                          {Place::status, "the status: a b"},
                                                          {Place::metadata, "the metadata: a b"}};
  for (const auto& [where, text] : places) {
    mismatch.where = where;
    EXPECT_EQ(sentence(mismatch), text);
  }
  mismatch.path = "$.x";
  mismatch.where = Place::body;
  EXPECT_EQ(sentence(mismatch), "$.x in the body: a b");
}

TEST(Results, AsJson) {
  const auto json = to_json(some());
  EXPECT_EQ(json["contracts"].size(), 5U);
  EXPECT_EQ(json["failed"], 3);
  EXPECT_EQ(json["contracts"][1]["result"], "mismatch");
  EXPECT_EQ(json["contracts"][1]["mismatches"][0]["path"], "$.name");
  EXPECT_EQ(json["contracts"][3]["result"], "provider down");
}

TEST(Results, AsJunitAndHtmlEscaped) {
  const std::string junit = to_junit(some());
  EXPECT_THAT(junit, HasSubstr("tests=\"5\" failures=\"3\" errors=\"0\" skipped=\"1\""));
  EXPECT_THAT(junit, HasSubstr("&lt;a&gt; &quot;user&quot;"));
  const std::string html = to_html(some(), {"recorded <1>"});
  EXPECT_THAT(html, HasSubstr("shop → users"));
  EXPECT_THAT(html, HasSubstr("recorded &lt;1&gt;"));
  EXPECT_THAT(html, Not(HasSubstr("<a>")));
}

}  // namespace
}  // namespace contract
