// The spool on a real disk.
#include "services/notification/adapters/out/maildir_postman.hpp"

#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "services/chassis/testing/fake_environment.hpp"

namespace notification_service::adapters {
namespace {

namespace fs = std::filesystem;

class Maildir : public ::testing::Test {
 protected:
  Maildir()
      : world({}), folder(make_folder()), postman(world.scheduler, world.random, folder / "mail", "shop.example") {}
  ~Maildir() override { fs::remove_all(folder); }

  static fs::path make_folder() {
    auto name = (fs::temp_directory_path() / "maildir-XXXXXX").string();
    return ::mkdtemp(name.data());
  }
  base::Result<void> deliver(const std::string& message_id, const std::string& body = "Hello\n") {
    domain::Mail mail;
    mail.message_id = message_id;
    mail.letter.body = body;
    return *world.ask(postman.deliver(mail));
  }
  std::vector<std::string> files(const std::string& below) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder / "mail" / below)) names.push_back(entry.path().filename());
    return names;
  }

  chassis::testing::FakeEnvironment world;
  fs::path folder;
  MaildirPostman postman;
};

TEST_F(Maildir, LeavesAWholeFileUnderTheMessageId) {
  ASSERT_TRUE(deliver("m-1@shop.example"));
  EXPECT_THAT(files("new"), ::testing::ElementsAre("m-1@shop.example"));
  EXPECT_TRUE(files("tmp").empty());
  const auto file = folder / "mail/new/m-1@shop.example";
  std::ifstream in(file);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  EXPECT_THAT(text, ::testing::EndsWith("\r\n\r\nHello\r\n"));
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(Maildir, TheSameMailReplacesItself) {
  ASSERT_TRUE(deliver("m-1@shop.example"));
  ASSERT_TRUE(deliver("m-1@shop.example"));
  EXPECT_EQ(files("new").size(), 1U);
  EXPECT_TRUE(files("tmp").empty());
}

TEST_F(Maildir, ASpoolThatIsRemovedIsMadeAnew) {
  ASSERT_TRUE(deliver("m-1@shop.example"));
  fs::remove_all(folder / "mail");
  ASSERT_TRUE(deliver("m-2@shop.example"));
  EXPECT_THAT(files("new"), ::testing::ElementsAre("m-2@shop.example"));
}

TEST_F(Maildir, WhatCannotBeWrittenIsSaidAndLeavesNothing) {
  ASSERT_TRUE(deliver("m-1@shop.example"));
  fs::remove_all(folder / "mail/new");
  std::ofstream(folder / "mail/new") << "no folder";
  const auto failed = deliver("m-2@shop.example");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, base::ErrorCode::unavailable);
  EXPECT_THAT(failed.error().message, ::testing::HasSubstr("mail/new"));
  EXPECT_TRUE(files("tmp").empty());
}

TEST_F(Maildir, WritesNowhereElse) {
  for (const auto& name : {std::string(), std::string("."), std::string("../x"), std::string("a/b"),
                           std::string(".hidden"), std::string("a\0b", 3)}) {
    EXPECT_FALSE(deliver(name)) << name;
  }
  EXPECT_FALSE(fs::exists(folder / "x"));
}

TEST_F(Maildir, IsWellWhenItCanBeWritten) {
  EXPECT_TRUE(*world.ask(postman.ping(world.clock.monotonic())));
  fs::remove_all(folder / "mail");
  std::ofstream(folder / "mail") << "no folder";
  EXPECT_FALSE(*world.ask(postman.ping(world.clock.monotonic())));
}

}  // namespace
}  // namespace notification_service::adapters
