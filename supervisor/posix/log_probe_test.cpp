#include "supervisor/posix/log_probe.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

namespace posix {
namespace {

namespace fs = std::filesystem;
using Found = LogSearch::Found;

class LogSearchTest : public ::testing::Test {
 protected:
  LogSearchTest() {
    char pattern[] = "/tmp/msctl-log-XXXXXX";
    folder_ = ::mkdtemp(pattern);
    log_ = folder_ / "web.log";
  }
  ~LogSearchTest() override { fs::remove_all(folder_); }

  void append(const std::string& text) const { std::ofstream(log_, std::ios::app) << text; }
  LogSearch search(const std::string& pattern, std::uint64_t from = 0) const {
    return LogSearch(log_, from, base::Pattern::make(pattern).value());
  }
  static bool found(LogSearch& search) {
    Found result = Found::more;
    for (int i = 0; i < 10'000 && result == Found::more; ++i) result = search.read_on();
    EXPECT_NE(result, Found::more);
    return result == Found::yes;
  }

  fs::path folder_;
  fs::path log_;
};

TEST_F(LogSearchTest, ALineIsFoundOnceItIsWhole) {
  auto one = search("^ready$");
  EXPECT_FALSE(found(one));  // no file yet
  append("starting\nrea");
  EXPECT_FALSE(found(one));
  append("dy");
  EXPECT_FALSE(found(one));
  append("\n");
  EXPECT_TRUE(found(one));
  fs::remove(log_);
  EXPECT_TRUE(found(one));  // what was written stays written
}

TEST_F(LogSearchTest, WhatAnEarlierProcessWroteDoesNotCount) {
  append("ready\n");
  auto one = search("ready", fs::file_size(log_));
  EXPECT_FALSE(found(one));
  append("ready\r\n");
  EXPECT_TRUE(found(one));
}

TEST_F(LogSearchTest, ARenamedFileIsReadToItsEnd) {
  append("old\n");
  auto one = search("ready", fs::file_size(log_));
  EXPECT_FALSE(found(one));
  append("ready\n");
  fs::rename(log_, folder_ / "web.log.1");
  append("new\n");
  EXPECT_TRUE(found(one));
}

TEST_F(LogSearchTest, AfterARenameTheNewFileIsReadFromItsBegin) {
  append("old\n");
  auto one = search("ready", fs::file_size(log_));
  EXPECT_FALSE(found(one));
  fs::rename(log_, folder_ / "web.log.1");
  EXPECT_FALSE(found(one));
  append("ready\n");
  EXPECT_TRUE(found(one));
}

TEST_F(LogSearchTest, ALineMayGoAcrossTwoFiles) {
  append("rea");
  auto one = search("^ready$");
  EXPECT_FALSE(found(one));
  fs::rename(log_, folder_ / "web.log.1");
  append("dy\n");
  EXPECT_TRUE(found(one));
}

TEST_F(LogSearchTest, AFileThatWasCutShortIsReadFromItsBegin) {
  append("a long old line\n");
  auto one = search("ready");
  EXPECT_FALSE(found(one));
  fs::resize_file(log_, 0);
  append("ready\n");
  EXPECT_TRUE(found(one));
}

TEST_F(LogSearchTest, AnOffsetBehindTheEndMeansANewFile) {
  append("ready\n");
  auto one = search("ready", 1000);
  EXPECT_TRUE(found(one));
}

TEST_F(LogSearchTest, OfAnEndlessLineOnlyTheBeginCounts) {
  append(std::string(max_log_line, 'x') + "ready" + std::string(1 << 20, 'x'));
  auto one = search("ready");
  EXPECT_FALSE(found(one));
  append("\nready\n");
  EXPECT_TRUE(found(one));
}

TEST_F(LogSearchTest, OneCallReadsOnePiece) {
  append(std::string(log_piece_bytes, '\n') + "ready\n");
  auto one = search("ready");
  EXPECT_EQ(one.read_on(), Found::more);
  EXPECT_EQ(one.read_on(), Found::yes);
}

}  // namespace
}  // namespace posix
