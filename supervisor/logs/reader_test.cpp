#include "supervisor/logs/reader.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <random>
#include <thread>

#include "supervisor/logs/merge.hpp"
#include "supervisor/logs/temp_folder.hpp"
#include "supervisor/logs/writer.hpp"

namespace logs {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

class Reading : public testing::Test {
 protected:
  Writer writer(const Settings& settings = {}) { return std::move(Writer::open(log_, settings).value()); }
  Reader reader() const { return Reader(log_); }

  static std::vector<std::string> take(Reader& reader) {
    std::vector<std::string> texts;
    while (auto line = reader.next()) texts.push_back(line->text);
    return texts;
  }
  static std::vector<std::string> all(Reader reader) {
    reader.stop_at_end();
    return take(reader);
  }
  // As `logs -f` does: until nothing waits for its record any more.
  static std::vector<std::string> take_settled(Reader& reader) {
    auto texts = take(reader);
    while (reader.is_soon()) {
      std::this_thread::yield();
      for (auto& text : take(reader)) texts.push_back(std::move(text));
    }
    return texts;
  }
  static std::vector<std::string> numbers(int from, int to) {
    std::vector<std::string> texts;
    for (int i = from; i < to; ++i) texts.push_back(std::to_string(i));
    return texts;
  }

  TempFolder folder_;
  std::string log_ = folder_.file("web.log");
};

TEST_F(Reading, gives_time_and_stream_of_each_line) {
  Writer to = writer();
  to.write(Stream::out, "a\nb", 10);
  to.write(Stream::err, "oh", 20);
  to.write(Stream::out, "b\n", 30);
  to.write(Stream::err, " no\n", 40);
  Reader from = reader();
  auto line = from.next();
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text, "a");
  EXPECT_EQ(line->time_us, 10);
  EXPECT_EQ(line->stream, Stream::out);
  line = from.next();
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text, "bb");
  EXPECT_EQ(line->time_us, 10);
  line = from.next();
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text, "oh no");
  EXPECT_EQ(line->stream, Stream::err);
  EXPECT_EQ(line->time_us, 20);
  EXPECT_FALSE(from.next());
}

TEST_F(Reading, keeps_the_lines_of_two_writers_apart) {
  Writer old_process = writer();
  old_process.write(Stream::out, "old ", 1);
  const auto child = ::fork();
  if (child == 0) {
    writer().write(Stream::out, "new\n", 2);
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  old_process.write(Stream::out, "one\n", 3);
  EXPECT_THAT(all(reader()), ElementsAre("new", "old one"));
}

TEST_F(Reading, reads_every_rotated_file_and_joins_lines_across_them) {
  Writer to = writer({40, 1000, 0});
  std::vector<std::string> expected;
  for (int i = 0; i < 200; ++i) {
    const std::string number = std::to_string(i);
    to.write(Stream::err, "e" + number, i);
    to.write(Stream::out, number + "\n", i);
    to.write(Stream::err, "!\n", i);
    expected.insert(expected.end(), {number, "e" + number + "!"});
  }
  ASSERT_TRUE(std::filesystem::exists(log_ + ".10"));
  EXPECT_THAT(all(reader()), ElementsAreArray(expected));
}

TEST_F(Reading, works_without_an_index) {
  folder_.append("web.log.1", "1\n2\n");
  folder_.append("web.log", "3\n4");
  EXPECT_THAT(all(reader()), ElementsAre("1", "2", "3", "4"));
  struct stat info {};
  ::stat(log_.c_str(), &info);
  Reader from = reader();
  from.begin_with_last(0);
  const auto line = from.next();
  ASSERT_TRUE(line);
  EXPECT_NEAR(static_cast<double>(line->time_us), static_cast<double>(info.st_mtim.tv_sec) * 1e6, 2e6);
}

TEST_F(Reading, reads_what_the_index_does_not_know) {
  folder_.append("web.log", "plain\nhalf ");
  Writer to = writer();
  to.write(Stream::out, "one\n", 100);
  folder_.append("web.log", "by hand\n");
  to.write(Stream::err, "two\n", 200);
  folder_.append("web.log", "at the end\n");
  EXPECT_THAT(all(reader()), ElementsAre("plain", "half ", "one", "by hand", "two", "at the end"));
  Reader from = reader();
  from.stop_at_end();
  std::vector<std::int64_t> times;
  while (const auto line = from.next()) times.push_back(line->time_us);
  EXPECT_THAT(times, ElementsAre(100, 100, 100, 100, 200, 200));
}

TEST_F(Reading, survives_a_damaged_index) {
  {
    Writer to = writer();
    for (int i = 0; i < 100; ++i) to.write(Stream::out, std::to_string(i) + "\n", i);
  }
  const std::string index = folder_.text(".index/web.log");
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    std::string damaged = index.substr(0, random() % index.size());
    for (int i = 0; i < 5 && !damaged.empty(); ++i) damaged[random() % damaged.size()] = static_cast<char>(random());
    std::filesystem::remove(folder_.file(".index/web.log"));
    folder_.append(".index/web.log", damaged);
    EXPECT_THAT(all(reader()), ElementsAreArray(numbers(0, 100))) << round;
    EXPECT_THAT(last_lines(log_, 3), ElementsAre("97", "98", "99")) << round;
    Reader since = reader();
    since.begin_at(50);
    EXPECT_EQ(all(std::move(since)).back(), "99");
  }
}

TEST_F(Reading, keeps_nuls_and_cuts_lines_that_are_too_long) {
  const std::string nul("a\0b", 3);
  Writer to = writer();
  to.write(Stream::out, nul + "\n" + std::string(150'000, 'x') + "\n" + std::string(65'536, 'y') + "\nz\n", 1);
  const auto lines = all(reader());
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines[0], nul);
  EXPECT_EQ(lines[1].size(), 65'536U);
  EXPECT_EQ(lines[2].size(), 65'536U);
  EXPECT_EQ(lines[3].size(), 150'000U - 2 * 65'536U);
  EXPECT_EQ(lines[4].size(), 65'536U);
  EXPECT_EQ(lines[5], "z");
}

TEST_F(Reading, shows_empty_lines_but_not_the_one_before_a_word_of_our_own) {
  Writer to = writer();
  to.write(Stream::out, "\n", 1);
  to.write(Stream::own, "\nmsctl: x\n", 2);
  EXPECT_THAT(all(reader()), ElementsAre("", "msctl: x"));
}

TEST_F(Reading, begins_with_the_last_lines_of_several_files) {
  Writer to = writer({100, 1000, 0});
  for (int i = 0; i < 1000; ++i) to.write(Stream::out, std::to_string(i) + "\n", i);
  EXPECT_THAT(last_lines(log_, 300), ElementsAreArray(numbers(700, 1000)));
  EXPECT_THAT(last_lines(log_, 5000), ElementsAreArray(numbers(0, 1000)));
  EXPECT_THAT(last_lines(log_, 0), IsEmpty());
  EXPECT_THAT(last_lines(folder_.file("none.log"), 3), IsEmpty());
  EXPECT_THAT(last_lines(log_, 300, 998), ElementsAre("998", "999"));
}

TEST_F(Reading, gives_a_last_line_without_end) {
  folder_.append("web.log", "a\nb\nc\nd");
  EXPECT_THAT(last_lines(log_, 2), ElementsAre("c", "d"));
  std::string many;
  for (int i = 0; i < 30'000; ++i) many += std::to_string(i) + "\n";
  folder_.append("many.log", many);
  EXPECT_THAT(last_lines(folder_.file("many.log"), 20'000), ElementsAreArray(numbers(10'000, 30'000)));
}

TEST_F(Reading, begins_at_a_time) {
  const auto now = ::time(nullptr) * std::int64_t{1'000'000};
  Writer to = writer({1000, 1000, 0});
  for (int i = 0; i < 5000; ++i) to.write(Stream::out, std::to_string(i) + "\n", now + i);
  for (const int first : {0, 1, 7, 2500, 4998, 4999, 5000}) {
    Reader from = reader();
    from.begin_at(now + first);
    from.stop_at_end();
    std::vector<std::string> texts;
    std::size_t more = 0;
    while (auto line = from.next()) {
      if (line->time_us >= now + first) {
        texts.push_back(std::move(line->text));
      } else {
        ++more;
      }
    }
    EXPECT_THAT(texts, ElementsAreArray(numbers(first, 5000)));
    EXPECT_LT(more, 300U);
  }
}

TEST_F(Reading, leaves_old_files_alone_when_asked_for_later_lines) {
  folder_.append("web.log.1", "old\n");
  const timespec old[2] = {{1'000'000, 0}, {1'000'000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (log_ + ".1").c_str(), old, 0), 0);
  folder_.append("web.log", "new\n");
  Reader from = reader();
  from.begin_at(2'000'000 * std::int64_t{1'000'000});
  EXPECT_THAT(all(std::move(from)), ElementsAre("new"));
}

TEST_F(Reading, follows_whole_lines) {
  folder_.append("web.log", "old\n");
  Reader from = reader();
  from.begin_with_last(0);
  take(from);
  folder_.append("web.log", "ha");
  EXPECT_THAT(take(from), IsEmpty());
  folder_.append("web.log", "lf\n");
  EXPECT_THAT(take(from), ElementsAre("half"));
  std::filesystem::resize_file(log_, 0);
  folder_.append("web.log", "x\n");
  EXPECT_THAT(take(from), ElementsAre("x"));
}

TEST_F(Reading, follows_a_log_that_comes_later) {
  Reader from = reader();
  EXPECT_THAT(take(from), IsEmpty());
  Writer to = writer();
  to.write(Stream::out, "a\n", 1);
  EXPECT_THAT(take(from), ElementsAre("a"));
}

TEST_F(Reading, follows_across_many_rotations) {
  Writer to = writer({50, 1000, 0});
  to.write(Stream::out, "0\n", 0);
  Reader from = reader();
  EXPECT_THAT(take(from), ElementsAre("0"));
  int next = 1;
  for (const int count : {1, 10, 30, 200, 3}) {
    const int begin = next;
    for (; next < begin + count; ++next) to.write(Stream::out, std::to_string(next) + "\n", next);
    EXPECT_THAT(take(from), ElementsAreArray(numbers(begin, next)));
  }
}

TEST_F(Reading, follows_into_what_is_left_when_its_file_is_deleted) {
  Writer to = writer({50, 3, 0});
  to.write(Stream::out, "0\n", 0);
  Reader from = reader();
  take(from);
  for (int i = 1; i < 500; ++i) to.write(Stream::out, std::to_string(i) + "\n", i);
  // All of this took less than a tick of the file system's clock.
  const timespec later[2] = {{::time(nullptr) + 9, 0}, {::time(nullptr) + 9, 0}};
  for (const auto* end : {"", ".1", ".2"}) ::utimensat(AT_FDCWD, (log_ + end).c_str(), later, 0);
  const auto lines = take(from);
  ASSERT_GT(lines.size(), 40U);  // the rest of the deleted one, and three files
  const auto own = static_cast<std::ptrdiff_t>(std::find(lines.begin(), lines.end(), "19") - lines.begin()) + 1;
  const int kept = static_cast<int>(lines.size()) - static_cast<int>(own);
  EXPECT_THAT(std::vector(lines.begin(), lines.begin() + own), ElementsAreArray(numbers(1, 20)));
  EXPECT_THAT(std::vector(lines.begin() + own, lines.end()), ElementsAreArray(numbers(500 - kept, 500)));
}

TEST_F(Reading, doubles_nothing_when_the_log_is_removed_by_hand) {
  Writer to = writer({30, 10, 0});
  for (int i = 0; i < 50; ++i) to.write(Stream::out, std::to_string(i) + "\n", i);
  Reader from = reader();
  take(from);
  // Their times must differ by more than the file system's clock ticks.
  const timespec old[2] = {{1'000'000, 0}, {1'000'000, 0}};
  for (int i = 1; i < 10; ++i) ::utimensat(AT_FDCWD, (log_ + "." + std::to_string(i)).c_str(), old, 0);
  std::filesystem::remove(log_);
  EXPECT_THAT(take(from), IsEmpty());
  to.write(Stream::out, "new\n", 60);
  EXPECT_THAT(take(from), ElementsAre("new"));
}

TEST_F(Reading, reads_what_another_writer_still_appends_to_the_rotated_file) {
  Writer to = writer();
  to.write(Stream::out, "a\n", 1);
  Reader from = reader();
  take(from);
  std::filesystem::rename(log_, log_ + ".1");
  folder_.append("web.log", "b\n");
  EXPECT_THAT(take_settled(from), ElementsAre("b"));
  folder_.append("web.log.1", "late\n");
  EXPECT_THAT(take_settled(from), ElementsAre("late"));
}

TEST_F(Reading, waits_a_moment_for_the_record_of_new_bytes) {
  Writer to = writer();
  to.write(Stream::out, "a\n", 1);
  Reader from = reader();
  EXPECT_THAT(take(from), ElementsAre("a"));
  const std::string before = folder_.text(".index/web.log");
  to.write(Stream::err, "b\n", 2);
  const std::string after = folder_.text(".index/web.log");
  std::filesystem::resize_file(folder_.file(".index/web.log"), before.size());
  EXPECT_THAT(take(from), IsEmpty());
  EXPECT_TRUE(from.is_soon());
  folder_.append(".index/web.log", after.substr(before.size()));
  const auto line = from.next();
  ASSERT_TRUE(line);
  EXPECT_EQ(line->stream, Stream::err);
  EXPECT_FALSE(from.is_soon());
  folder_.append("web.log", "never told\n");
  EXPECT_THAT(take_settled(from), ElementsAre("never told"));
}

TEST_F(Reading, ends_the_line_of_a_writer_that_was_killed) {
  const auto child = ::fork();
  if (child == 0) {
    Writer to = writer();
    to.write(Stream::out, "a\nhalf", 1);
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  Reader from = reader();
  EXPECT_THAT(take(from), ElementsAre("a", "half"));
}

// A writer that rotates all the time, and a reader that follows it.
TEST_F(Reading, loses_and_doubles_nothing_while_it_is_written) {
  constexpr int lines = 20'000;
  Writer first = writer({2000, 1000, 0});
  std::thread writing([&] {
    for (int i = 0; i < lines; ++i) first.write(i % 3 == 0 ? Stream::err : Stream::out, std::to_string(i) + "\n", i);
  });
  Reader from = reader();
  std::vector<std::string> texts;
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (texts.size() < lines && std::chrono::steady_clock::now() < give_up) {
    for (auto& text : take(from)) texts.push_back(std::move(text));
  }
  writing.join();
  const auto expected = numbers(0, lines);
  const auto where = std::mismatch(texts.begin(), texts.end(), expected.begin(), expected.end()).first - texts.begin();
  std::string around;
  for (auto i = where < 2 ? 0 : where - 2; i < where + 3 && i < std::ssize(texts); ++i) {
    around += texts[static_cast<std::size_t>(i)] + " ";
  }
  EXPECT_EQ(texts, expected) << texts.size() << " lines; around the first wrong one: " << around;
}

TEST_F(Reading, merges_by_time_and_keeps_each_order) {
  Writer web = writer();
  Writer db = std::move(Writer::open(folder_.file("db.log"), {}).value());
  web.write(Stream::out, "w10\n", 10);
  web.write(Stream::out, "w30\n", 30);
  web.write(Stream::out, "w25\n", 25);  // a clock that was set back
  db.write(Stream::out, "d20\nd20\n", 20);
  db.write(Stream::out, "d30\n", 30);
  Reader one = reader();
  Reader two(folder_.file("db.log"));
  Merge merge;
  merge.add([&] { return one.next(); });
  merge.add([&] { return two.next(); });
  std::vector<std::string> texts;
  while (auto line = merge.next()) texts.push_back(line->second.text + "/" + std::to_string(line->first));
  EXPECT_THAT(texts, ElementsAre("w10/0", "d20/1", "d20/1", "w30/0", "w25/0", "d30/1"));
}

// Not a benchmark, only a guard: in a release build this takes a millisecond.
TEST_F(Reading, finds_the_last_lines_of_much) {
  {
    Writer to = writer();
    std::string chunk;
    for (int i = 0; i < 10; ++i)
      chunk += "a line as services write it, of some eighty characters, say, or a little more\n";
    for (int i = 0; i < 65'000; ++i) to.write(Stream::out, chunk, i);
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(last_lines(log_, 100).size(), 100U);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const auto before_all = std::chrono::steady_clock::now();
  const auto lines = all(reader()).size();
  const std::chrono::duration<double> all_took = std::chrono::steady_clock::now() - before_all;
  std::printf("last 100 lines in %.2f ms, all %zu in %.0f ms\n", took.count() * 1000, lines, all_took.count() * 1000);
  EXPECT_LT(took.count(), 1);
}

}  // namespace
}  // namespace logs
