#include "cli/report/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace report {
namespace {

using ::testing::HasSubstr;

TEST(Escape, covers_what_markup_means) {
  EXPECT_EQ(escape("<a b='c' d=\"e\">&"), "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;");
}

TEST(Escape, replaces_what_xml_cannot_carry) {
  EXPECT_EQ(escape(std::string("a\0b", 3)),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(escape("\x1b[31m"), "\xEF\xBF\xBD[31m");
  EXPECT_EQ(escape("\xC3\x28"), "\xEF\xBF\xBD(");
  EXPECT_EQ(escape("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
  EXPECT_EQ(escape("gr\xC3\xBC\xC3\x9F"), "gr\xC3\xBC\xC3\x9F");
  EXPECT_EQ(escape("\xF0\x9F\x98\x80"), "\xF0\x9F\x98\x80");
}

TEST(Junit, counts_and_says_why) {
  const std::string xml = junit("contract-test", {{"web > user",
                                                   {{"a user", Outcome::passed, 0.25},
                                                    {"no user", Outcome::failed, 0.5, "status: 200", "more"},
                                                    {"new", Outcome::skipped, 0, "pending"}}}});
  EXPECT_THAT(
      xml,
      HasSubstr(
          "<testsuites name=\"contract-test\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"0.750\">"));
  EXPECT_THAT(xml, HasSubstr("classname=\"web &gt; user\" name=\"a user\" time=\"0.250\"/>"));
  EXPECT_THAT(xml, HasSubstr("<failure message=\"status: 200\">more</failure>"));
  EXPECT_THAT(xml, HasSubstr("<skipped message=\"pending\"/>"));
}

TEST(Junit, keeps_cases_of_one_name_apart) {
  const Case one{"TYPE_CHANGED sku", Outcome::passed, 0};
  const std::string xml = junit("schema check", {{"order.placed", {one, one}}, {"user.made", {one}}});
  EXPECT_THAT(xml, HasSubstr("classname=\"order.placed\" name=\"TYPE_CHANGED sku\""));
  EXPECT_THAT(xml, HasSubstr("classname=\"order.placed\" name=\"TYPE_CHANGED sku (2)\""));
  EXPECT_THAT(xml, HasSubstr("classname=\"user.made\" name=\"TYPE_CHANGED sku\""));
}

TEST(Page, is_whole_and_loads_nothing) {
  const std::string html = page("a < b", "<p>text</p>");
  EXPECT_THAT(html, HasSubstr("<title>a &lt; b</title>"));
  EXPECT_THAT(html, HasSubstr("<p>text</p>"));
  EXPECT_THAT(html, ::testing::Not(HasSubstr("http")));
}

}  // namespace
}  // namespace report
