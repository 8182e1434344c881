#include "services/chassis/log/json_log.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <sstream>

#include <gtest/gtest.h>

namespace chassis {
namespace {

class JsonLogTest : public ::testing::Test {
 protected:
  ~JsonLogTest() override { std::fclose(file_); }

  JsonLog make(Level least = Level::info) { return {clock_, {"svc", "svc-1", least, file_}}; }

  std::vector<std::string> lines() {
    std::string text;
    std::array<char, 4096> part{};
    std::rewind(file_);
    while (const auto size = std::fread(part.data(), 1, part.size(), file_)) text.append(part.data(), size);
    std::vector<std::string> found;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) found.push_back(line);
    return found;
  }

  base::SystemClock clock_;
  std::FILE* file_ = std::tmpfile();
};

TEST_F(JsonLogTest, WritesOneObjectALine) {
  auto log = make();
  log.warning("disk nearly full", {{"free_bytes", 12}, {"nested", {{"a", {1, 2}}}}});
  ASSERT_EQ(lines().size(), 1U);
  const auto line = base::parse_json(lines()[0]).value();
  EXPECT_EQ(line["level"], "warning");
  EXPECT_EQ(line["service"], "svc");
  EXPECT_EQ(line["instance"], "svc-1");
  EXPECT_EQ(line["message"], "disk nearly full");
  EXPECT_EQ(line["free_bytes"], 12);
  EXPECT_EQ(line["nested"]["a"][1], 2);
  EXPECT_EQ(line["time"].get<std::string>().size(), 24U);
  EXPECT_EQ(line.begin().key(), "time");
}

TEST_F(JsonLogTest, HostileTextStaysOneLineAndReachesNoTerminal) {
  auto log = make();
  const std::string hostile = "a\r\n{\"level\":\"error\"}\x1b[31m\x7f\xc2\x9b\xff end";
  log.info(hostile, {{hostile, hostile}, {"message", "other"}});
  ASSERT_EQ(lines().size(), 1U);
  const auto text = lines()[0];
  for (const char c : text) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != '\x7f');
  EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos);
  const auto line = base::parse_json(text);
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line.value()["_message"], "other");
  EXPECT_EQ(line.value()["level"], "info");
}

TEST_F(JsonLogTest, BracesAreNoPlaceholders) {
  make().info("{} {0} {:x}");
  EXPECT_EQ(base::parse_json(lines().at(0)).value()["message"], "{} {0} {:x}");
}

TEST_F(JsonLogTest, DropsWhatIsBelowTheLevel) {
  auto log = make(Level::warning);
  log.info("no");
  log.error("yes");
  ASSERT_EQ(lines().size(), 1U);
}

TEST_F(JsonLogTest, NothingIsLostWhenTheProcessEndsAtOnce) {
  const auto child = ::fork();
  if (child == 0) {
    make().info("last words");
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(lines().size(), 1U);
}

}  // namespace
}  // namespace chassis
