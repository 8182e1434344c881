#include "cli/session/log_tail.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LogTail : public testing::Test {
 protected:
  LogTail() {
    char pattern[] = "/tmp/msctl-log-XXXXXX";
    folder_ = ::mkdtemp(pattern);
    file_ = folder_ / "web.log";
  }
  ~LogTail() override { std::filesystem::remove_all(folder_); }

  void append(const std::string& text) { std::ofstream(file_, std::ios::app) << text; }
  static std::vector<std::string> take(LogReader& reader) {
    std::vector<std::string> lines;
    reader.read([&](const std::string& line) { lines.push_back(line); });
    return lines;
  }

  std::filesystem::path folder_;
  std::filesystem::path file_;
};

TEST_F(LogTail, gives_the_last_lines) {
  EXPECT_THAT(last_lines(file_, 2), IsEmpty());
  append("a\nb\nc\n");
  EXPECT_THAT(last_lines(file_, 2), ElementsAre("b", "c"));
  append("d");
  EXPECT_THAT(last_lines(file_, 2), ElementsAre("c", "d"));
}

TEST_F(LogTail, leaves_out_what_earlier_runs_wrote) {
  append("old\n");
  EXPECT_THAT(last_lines(file_, 5, 4), IsEmpty());
  append("a\nb\n");
  EXPECT_THAT(last_lines(file_, 5, 4), ElementsAre("a", "b"));
  EXPECT_THAT(last_lines(file_, 1, 4), ElementsAre("b"));
  EXPECT_THAT(last_lines(file_, 5, 100), ElementsAre("old", "a", "b"));  // cut and grown again
}

TEST_F(LogTail, reads_back_over_several_blocks) {
  for (int i = 0; i < 30'000; ++i) append(std::to_string(i) + "\n");
  const auto lines = last_lines(file_, 20'000);
  ASSERT_EQ(lines.size(), 20'000U);
  EXPECT_EQ(lines.front(), "10000");
}

TEST_F(LogTail, follows_whole_lines_and_survives_truncation) {
  append("old\n");
  LogReader reader(file_, true);
  append("ha");
  EXPECT_THAT(take(reader), IsEmpty());
  append("lf\n");
  EXPECT_THAT(take(reader), ElementsAre("half"));
  std::filesystem::resize_file(file_, 0);
  append("x\n");
  EXPECT_THAT(take(reader), ElementsAre("x"));
}

}  // namespace
}  // namespace cli
