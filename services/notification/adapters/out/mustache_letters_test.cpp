// Templates: which one is taken, what values can do in it, and how a broken one is told.
#include "services/notification/adapters/out/mustache_letters.hpp"

#include <gmock/gmock.h>

namespace notification_service::adapters {
namespace {

const std::string confirmed = "Subject: {{order_id}} for {{user_id}}\n\nIt is {{amount}}.\n";
const std::string cancelled =
    "Subject: No {{order_id}}\n\n{{#sold_out}}\nSold "
    "out.\n{{/sold_out}}\n{{#other_reason}}\nSorry.\n{{/other_reason}}\n";

std::vector<LetterTemplate> templates() {
  return {{"en", "order.confirmed", confirmed},
          {"en", "order.cancelled", cancelled},
          {"de", "order.confirmed", "Subject: Hallo\n\n{{amount}}\n"}};
}

domain::Notice notice(const std::string& language = "en") {
  return {"order.confirmed", "o-1", "ann", "EUR", 123450, language, ""};
}

domain::Letter written(const domain::Notice& what) {
  return MustacheLetters::make(templates()).value().write(what).value();
}

std::string mistake(std::vector<LetterTemplate> given) {
  const auto made = MustacheLetters::make(std::move(given));
  return made ? "" : made.error().message;
}

// What is said of the confirmed order's template in English when it is this text.
std::string mistake(const std::string& text) {
  auto given = templates();
  given[0].text = text;
  const std::string said = mistake(std::move(given));
  const std::string file = "services/notification/templates/en/order.confirmed.mustache: ";
  return said.starts_with(file) ? said.substr(file.size()) : said;
}

TEST(MustacheLetters, TakesTheFirstLanguageThatThereIs) {
  EXPECT_EQ(written(notice("de-AT")), (domain::Letter{"de", "Hallo", "1.234,50 EUR\n"}));
  EXPECT_EQ(written(notice("fr")), (domain::Letter{"en", "o-1 for ann", "It is EUR 1,234.50.\n"}));
  auto only_english = notice("de");
  only_english.event = "order.cancelled";
  EXPECT_EQ(written(only_english).language, "en");
}

TEST(MustacheLetters, HasSectionsForReasons) {
  auto what = notice();
  what.event = "order.cancelled";
  what.reason = "sold_out";
  EXPECT_EQ(written(what).body, "Sold out.\n");
  what.reason = "nobody knows";
  EXPECT_EQ(written(what).body, "Sorry.\n");
}

TEST(MustacheLetters, PutsValuesInAsPlainTextOnOneLine) {
  auto what = notice();
  what.user_id = "<b>&\"ann\"'";
  EXPECT_EQ(written(what).subject, "o-1 for <b>&\"ann\"'");
  what.order_id = "o\r\nBcc: all@shop.example\n\n\x1b[31m\x7f";
  EXPECT_EQ(written(what).subject, "o  Bcc: all@shop.example   [31m  for <b>&\"ann\"'");
  what.order_id = "{{user_id}}{{#sold_out}}";
  EXPECT_EQ(written(what).subject, "{{user_id}}{{#sold_out}} for <b>&\"ann\"'");
}

TEST(MustacheLetters, NameTheFirstBrokenTemplate) {
  EXPECT_EQ(mistake(confirmed), "");
  const std::string form = "must begin with 'Subject: …' and an empty line, and then have a text";
  for (const std::string text : {"", "Hello\n\nx\n", "Subject: \n\nx\n", "Subject: x\nHello\n", "Subject: x\n\n"}) {
    EXPECT_EQ(mistake(text), form) << text;
  }
  EXPECT_EQ(mistake("Subject: {{order}}\n\nx\n"), "{{order}} is not known");
  for (const std::string tag : {"{{#soldout}}x{{/soldout}}", "{{{amount}}}", "{{&amount}}", "{{>footer}}",
                                "{{=<% %>=}}", "{{}}", "{{ amount.x }}"}) {
    EXPECT_THAT(mistake("Subject: x\n\n" + tag + "\n"), ::testing::EndsWith("is not known")) << tag;
  }
  EXPECT_THAT(mistake("Subject: x\n\n{{#sold_out}}x\n"), ::testing::HasSubstr("sold_out"));
  EXPECT_NE(mistake("Subject: x\n\n{{amount\n"), "");
}

TEST(MustacheLetters, WantTheRightFiles) {
  auto given = templates();
  given.erase(given.begin() + 1);
  EXPECT_EQ(mistake(given),
            "services/notification/templates/en/order.cancelled.mustache: is missing, and is what "
            "everybody gets who has no other");
  given = templates();
  given.push_back({"tlh", "order.confirmed", confirmed});
  EXPECT_THAT(mistake(given), ::testing::HasSubstr("templates/tlh/order.confirmed.mustache: how numbers are written"));
  given.back() = {"en", "order.lost", confirmed};
  EXPECT_THAT(mistake(given), ::testing::HasSubstr("users are told of no such event"));
}

}  // namespace
}  // namespace notification_service::adapters
