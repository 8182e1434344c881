// The message as bytes; tests/functional/test_notification.py reads such messages with a library that is not ours.
#include "services/notification/adapters/out/rfc5322.hpp"

#include <gmock/gmock.h>

namespace notification_service::adapters {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

domain::Mail mail() {
  domain::Mail mail;
  mail.user_id = "ann";
  mail.letter = {"en", "Hello", "One\nTwo\n"};
  mail.message_id = "m-1@shop.example";
  mail.created_at = "2026-11-27T04:38:26.123Z";
  return mail;
}

std::string as_text(const domain::Mail& what) { return to_rfc5322(what, "shop.example"); }

TEST(Rfc5322, IsTheWholeMessage) {
  EXPECT_EQ(as_text(mail()),
            "Date: Fri, 27 Nov 2026 04:38:26 +0000\r\nFrom: no-reply@shop.example\r\nTo: ann@shop.example\r\n"
            "Message-ID: <m-1@shop.example>\r\nSubject: Hello\r\nAuto-Submitted: auto-generated\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Language: en\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\nOne\r\nTwo\r\n");
}

TEST(Rfc5322, EncodesWhatIsNoAscii) {
  auto what = mail();
  what.letter.subject = "Größe";
  what.letter.body = "Größe = 1 \n";
  EXPECT_THAT(as_text(what), HasSubstr("Subject: =?UTF-8?B?R3LDtsOfZQ==?=\r\n"));
  EXPECT_THAT(as_text(what), HasSubstr("\r\n\r\nGr=C3=B6=C3=9Fe =3D 1=20\r\n"));
}

TEST(Rfc5322, KeepsLinesShortAndCharactersWhole) {
  auto what = mail();
  for (int i = 0; i < 200; ++i) what.letter.subject += "ä€";
  what.letter.body = std::string(500, 'x') + what.letter.subject + "\n";
  const std::string text = as_text(what);
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = text.find("\r\n", begin);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - begin, 78U);
    EXPECT_EQ(text.substr(begin, end - begin).find_first_of("\r\n"), std::string::npos);
    begin = end + 2;
  }
}

TEST(Rfc5322, NothingInTheMailAddsAHeaderField) {
  auto what = mail();
  what.user_id = "ann\r\nBcc: all@shop.example\r\n\r\nHello <a@b>, c";
  what.letter.subject = "Hello\r\nBcc: all@shop.example";
  const std::string text = as_text(what);
  EXPECT_THAT(text, Not(HasSubstr("\r\nBcc")));
  EXPECT_THAT(text, HasSubstr("To: ann=0D=0ABcc=3A=20all=40shop=2Eexample"));
  EXPECT_EQ(text.find("\r\n\r\n"), text.find("\r\n\r\nOne"));
}

}  // namespace
}  // namespace notification_service::adapters
