// The rules of a notice, of languages and of money.
#include <limits>

#include <gmock/gmock.h>

#include "services/notification/domain/language.hpp"
#include "services/notification/domain/mail.hpp"
#include "services/notification/domain/notice.hpp"

namespace notification_service::domain {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

TEST(CheckNotice, NamesWhatIsMissing) {
  Notice notice{"order.confirmed", "o1", "u1", "EUR", 100, "", ""};
  EXPECT_TRUE(check(notice).empty());
  notice.currency = "eur";
  ASSERT_EQ(check(notice).size(), 1U);
  EXPECT_EQ(check(notice).front().field, "currency");
  EXPECT_EQ(check({}).size(), 3U);
}

TEST(Fallbacks, GoFromTheWishToEnglish) {
  EXPECT_THAT(fallbacks("de-AT"), ElementsAre("de-at", "de", "en"));
  EXPECT_THAT(fallbacks("DE"), ElementsAre("de", "en"));
  EXPECT_THAT(fallbacks("en-GB"), ElementsAre("en-gb", "en"));
  EXPECT_THAT(fallbacks("en"), ElementsAre("en"));
  EXPECT_THAT(fallbacks("zh-Hant-CN-x-private1"),
              ElementsAre("zh-hant-cn-x-private1", "zh-hant-cn", "zh-hant", "zh", "en"));
}

TEST(Fallbacks, OfWhatIsNoLanguageIsEnglish) {
  for (const std::string odd : {"", "../de", "de/../en", "de\r\nX: y", "d\xc3\xa9", std::string(36, 'a').c_str()}) {
    EXPECT_THAT(fallbacks(odd), ElementsAre("en")) << odd;
  }
}

std::string in(std::string_view language, std::int64_t minor, std::string_view currency = "EUR") {
  return money(minor, currency, *number_style(language));
}

TEST(Money, IsWrittenAsTheLanguageDoes) {
  EXPECT_EQ(in("en", 123450), "EUR 1,234.50");
  EXPECT_EQ(in("de", 123450), "1.234,50 EUR");
  EXPECT_EQ(in("de-at", 123450), "1.234,50 EUR");
  EXPECT_FALSE(number_style("tlh"));
}

TEST(Money, HasTheDigitsOfItsCurrency) {
  EXPECT_EQ(in("en", 1234567, "JPY"), "JPY 1,234,567");
  EXPECT_EQ(in("en", 1234567, "BHD"), "BHD 1,234.567");
  EXPECT_EQ(in("de", 1234567, "CLF"), "123,4567 CLF");
}

TEST(Money, IsRightAtTheEnds) {
  EXPECT_EQ(in("en", 0), "EUR 0.00");
  EXPECT_EQ(in("en", 5), "EUR 0.05");
  EXPECT_EQ(in("en", 7, "BHD"), "BHD 0.007");
  EXPECT_EQ(in("en", 0, "JPY"), "JPY 0");
  EXPECT_EQ(in("en", 99999), "EUR 999.99");
  EXPECT_EQ(in("en", 100000), "EUR 1,000.00");
  EXPECT_EQ(in("en", -123450), "EUR -1,234.50");
  EXPECT_EQ(in("en", std::numeric_limits<std::int64_t>::max()), "EUR 92,233,720,368,547,758.07");
  EXPECT_EQ(in("en", std::numeric_limits<std::int64_t>::min()), "EUR -92,233,720,368,547,758.08");
}

TEST(PauseAfter, GrowsToFiveMinutes) {
  EXPECT_EQ(pause_after(1), 2s);
  EXPECT_EQ(pause_after(2), 4s);
  EXPECT_EQ(pause_after(8), 256s);
  EXPECT_EQ(pause_after(9), 5min);
  EXPECT_EQ(pause_after(1'000'000'000'000), 5min);
}

}  // namespace
}  // namespace notification_service::domain
