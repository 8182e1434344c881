#include "supervisor/logs/writer.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "supervisor/logs/temp_folder.hpp"

namespace logs {
namespace {

using testing::Each;
using testing::EndsWith;
using testing::SizeIs;

Writer open(const TempFolder& folder, const Settings& settings = {}) {
  auto writer = Writer::open(folder.file("web.log"), settings);
  EXPECT_TRUE(writer) << writer.error().message;
  return std::move(writer.value());
}

TEST(Writer, appends_bytes_as_they_are_and_says_when_they_came) {
  const TempFolder folder;
  folder.append("web.log", "from before\n");
  {
    Writer writer = open(folder);
    writer.write(Stream::out, std::string_view("a\0\xff", 3), 1000);
    writer.write(Stream::err, "b\n", 2000);
    writer.write(Stream::out, "c\n", 3000);
  }
  EXPECT_EQ(folder.text("web.log"), std::string("from before\na\0\xff"
                                                "b\nc\n",
                                                19));
  const auto records = folder.records("web.log");
  ASSERT_THAT(records, SizeIs(3));
  EXPECT_TRUE(std::all_of(records.begin(), records.end(), is_whole));
  EXPECT_EQ(records[1].time_us, 2000);
  EXPECT_EQ(records[1].offset, 15U);
  EXPECT_EQ(records[1].length, 2U);
  EXPECT_EQ(records[1].stream(), Stream::err);
}

TEST(Writer, completes_an_unfinished_line_at_its_end) {
  const TempFolder folder;
  { open(folder).write(Stream::err, "half", 1); }
  EXPECT_EQ(folder.text("web.log"), "half\n");
}

TEST(Writer, keeps_others_out) {
  const TempFolder folder;
  Writer writer = open(folder);
  struct stat info {};
  for (const auto* name : {"web.log", ".index/web.log"}) {
    ASSERT_EQ(::stat(folder.file(name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
  }
}

TEST(Writer, refuses_what_is_no_file_of_ours) {
  const TempFolder folder;
  std::filesystem::create_symlink("/dev/null", folder.file("web.log"));
  EXPECT_FALSE(Writer::open(folder.file("web.log"), {}));
  ASSERT_EQ(::mkfifo(folder.file("pipe.log").c_str(), 0600), 0);
  EXPECT_FALSE(Writer::open(folder.file("pipe.log"), {}));
  EXPECT_FALSE(Writer::open(folder.file("no/such/folder/web.log"), {}));
}

TEST(Writer, rotates_at_line_ends_and_keeps_so_many_files) {
  const TempFolder folder;
  Writer writer = open(folder, {10, 3, 0});
  for (const auto* line : {"1111\n", "2222\n", "3333\n", "44", "44\n", "5555\n66", "66\n", "7777\n"}) {
    writer.write(Stream::out, line, 1);
  }
  EXPECT_EQ(folder.text("web.log"), "7777\n");
  EXPECT_EQ(folder.text("web.log.1"), "5555\n6666\n");
  EXPECT_EQ(folder.text("web.log.2"), "3333\n4444\n");
  EXPECT_FALSE(std::filesystem::exists(folder.file("web.log.3")));
  EXPECT_THAT(folder.records("web.log"), SizeIs(1));
  EXPECT_THAT(folder.records("web.log.2"), SizeIs(3));
  EXPECT_FALSE(std::filesystem::exists(folder.file(".index/web.log.3")));
}

TEST(Writer, splits_one_large_piece_and_never_a_line) {
  const TempFolder folder;
  Writer writer = open(folder, {100, 500, 0});
  std::string text;
  for (int i = 0; i < 300; ++i) text += std::to_string(i) + " is the number of this line\n";
  writer.write(Stream::out, text, 1);
  std::string joined = folder.text("web.log");
  for (int i = 1; std::filesystem::exists(folder.file("web.log." + std::to_string(i))); ++i) {
    const std::string one = folder.text("web.log." + std::to_string(i));
    EXPECT_LE(one.size(), 100U);
    EXPECT_THAT(one, EndsWith("\n"));
    joined.insert(0, one);
  }
  EXPECT_EQ(joined, text);
}

TEST(Writer, cuts_a_line_without_end) {
  const TempFolder folder;
  Writer writer = open(folder, {1000, 2, 0});
  for (int i = 0; i < 40; ++i) writer.write(Stream::out, std::string(64 << 10, 'x'), 1);
  EXPECT_LT(folder.text("web.log").size(), 2U << 20U);
  EXPECT_TRUE(std::filesystem::exists(folder.file("web.log.1")));
}

TEST(Writer, one_file_means_that_rotation_forgets) {
  const TempFolder folder;
  Writer writer = open(folder, {10, 1, 0});
  for (const auto* line : {"1111\n", "2222\n", "3333\n"}) writer.write(Stream::out, line, 1);
  EXPECT_EQ(folder.text("web.log"), "3333\n");
  EXPECT_THAT(folder.records("web.log"), SizeIs(1));
  EXPECT_FALSE(std::filesystem::exists(folder.file("web.log.1")));
}

TEST(Writer, deletes_what_is_too_old_or_too_many_when_it_opens) {
  const TempFolder folder;
  std::filesystem::create_directory(folder.file(".index"));
  for (const auto* name : {"web.log", "web.log.1", "web.log.2", "web.log.7", ".index/web.log.1"})
    folder.append(name, "x\n");
  const timespec old[2] = {{::time(nullptr) - 3 * 86400, 0}, {::time(nullptr) - 3 * 86400, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, folder.file("web.log.1").c_str(), old, 0), 0);
  Writer writer = open(folder, {1000, 8, 2});
  EXPECT_FALSE(std::filesystem::exists(folder.file("web.log.1")));
  EXPECT_FALSE(std::filesystem::exists(folder.file(".index/web.log.1")));
  EXPECT_TRUE(std::filesystem::exists(folder.file("web.log")));
  EXPECT_TRUE(std::filesystem::exists(folder.file("web.log.2")));
  EXPECT_TRUE(std::filesystem::exists(folder.file("web.log.7")));
  Writer fewer = open(folder, {1000, 3, 0});
  EXPECT_FALSE(std::filesystem::exists(folder.file("web.log.7")));
  EXPECT_TRUE(std::filesystem::exists(folder.file("web.log.2")));
}

TEST(Writer, goes_on_in_a_new_file_when_the_log_or_its_folder_is_removed) {
  const TempFolder folder;
  std::filesystem::create_directory(folder.file("logs"));
  auto opened = Writer::open(folder.file("logs/web.log"), {});
  ASSERT_TRUE(opened);
  Writer writer = std::move(opened.value());
  writer.write(Stream::out, "a\n", 1);
  std::filesystem::remove(folder.file("logs/web.log"));
  writer.write(Stream::out, "b\n", 1);
  EXPECT_EQ(folder.text("logs/web.log"), "b\n");
  std::filesystem::remove_all(folder.file("logs"));
  writer.write(Stream::out, "c\n", 1);
  EXPECT_EQ(folder.text("logs/web.log"), "c\n");
  EXPECT_EQ(writer.lost(), 0U);
}

TEST(Writer, begins_the_index_anew_when_the_log_was_emptied) {
  const TempFolder folder;
  Writer writer = open(folder);
  for (int i = 0; i < 5; ++i) writer.write(Stream::out, "a long line\n", 1);
  std::filesystem::resize_file(folder.file("web.log"), 0);
  writer.write(Stream::out, "b\n", 2);
  const auto records = folder.records("web.log");
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0].offset, 0U);
}

TEST(Writer, drops_a_torn_record_and_an_index_of_another_log) {
  const TempFolder folder;
  { open(folder).write(Stream::out, "a\n", 1); }
  folder.append(".index/web.log", "torn");
  { open(folder).write(Stream::out, "b\n", 2); }
  EXPECT_THAT(folder.records("web.log"), SizeIs(2));
  std::filesystem::remove(folder.file("web.log"));
  { open(folder).write(Stream::out, "c\n", 3); }
  EXPECT_THAT(folder.records("web.log"), SizeIs(1));
}

int room = 0;

ssize_t put_while_there_is_room(int fd, const void* bytes, std::size_t count) {
  if (room == 0) return errno = ENOSPC, -1;
  const auto put = ::write(fd, bytes, std::min<std::size_t>(count, static_cast<std::size_t>(room)));
  room -= static_cast<int>(put);
  return put;
}

TEST(Writer, counts_what_a_full_disk_costs_and_tells_it_later) {
  const TempFolder folder;
  Writer writer = open(folder);
  writer.put_with(put_while_there_is_room);
  room = 2;
  writer.write(Stream::out, "hello\n", 1);  // two bytes and no record
  writer.write(Stream::err, "oh\n", 2);
  EXPECT_EQ(writer.lost(), 7U);
  room = 20;  // not even enough for the sentence
  writer.write(Stream::out, "x\n", 3);
  EXPECT_EQ(writer.lost(), 9U);
  room = 1 << 20;
  writer.write(Stream::out, "back\n", 4);
  const std::string text = folder.text("web.log");
  EXPECT_THAT(text, testing::StartsWith("he\nmsctl: 7 bytes"));
  EXPECT_THAT(text, EndsWith("\nmsctl: 9 bytes of output were lost: No space left on device\nback\n"));
  const auto records = folder.records("web.log");
  EXPECT_TRUE(std::all_of(records.begin(), records.end(), is_whole));
  EXPECT_EQ(records.back().time_us, 4);
  EXPECT_EQ(records[records.size() - 2].stream(), Stream::own);
  writer.write(Stream::out, "more\n", 5);
  EXPECT_THAT(folder.text("web.log"), EndsWith("back\nmore\n"));  // told once
}

// Four processes on one log that rotates all the time: every line of each is there once, whole and in order.
TEST(Writer, shares_a_log_with_writers_of_other_processes) {
  const TempFolder folder;
  constexpr int processes = 4;
  constexpr int lines = 3000;
  for (int process = 0; process < processes; ++process) {
    if (::fork() != 0) continue;
    auto writer = Writer::open(folder.file("web.log"), {4096, 1000, 0});
    for (int i = 0; writer && i < lines; ++i) {
      writer.value().write(Stream::out, std::to_string(process) + " " + std::to_string(i) + "\n", i);
    }
    writer.value().~Writer();
    ::_exit(writer.value().lost() == 0 ? 0 : 1);
  }
  for (int process = 0; process < processes; ++process) {
    int status = 0;
    ASSERT_GT(::wait(&status), 0);
    EXPECT_EQ(status, 0);
  }
  std::vector<int> next(processes, 0);
  int last = 1;
  while (std::filesystem::exists(folder.file("web.log." + std::to_string(last)))) ++last;
  for (int file = last - 1; file >= 0; --file) {
    const std::string name = file == 0 ? "web.log" : "web.log." + std::to_string(file);
    for (const auto& record : folder.records(name)) {
      const std::string line = folder.text(name).substr(record.offset, record.length);
      int process = 0;
      int number = 0;
      ASSERT_EQ(std::sscanf(line.c_str(), "%d %d\n", &process, &number), 2) << name << " " << line;
      EXPECT_EQ(number, next.at(static_cast<std::size_t>(process))++) << name;
    }
  }
  EXPECT_THAT(next, Each(lines));
}

// Not a benchmark, only a guard: in a release build this takes 0.12 s.
TEST(Writer, keeps_up_with_a_fast_child) {
  const TempFolder folder;
  Writer writer = open(folder);
  std::string chunk;
  while (chunk.size() < 64 << 10)
    chunk += "a line as services write it, of some eighty characters, say, or a little more\n";
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 1600; ++i) writer.write(Stream::out, chunk, i);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  RecordProperty("ms", static_cast<int>(took.count() * 1000));
  std::printf("100 MB in %.0f ms\n", took.count() * 1000);
  EXPECT_LT(took.count(), 10);
}

}  // namespace
}  // namespace logs
