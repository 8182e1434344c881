#include "cli/session/crash_report.hpp"

#include <gmock/gmock.h>

#include <sstream>

namespace cli {
namespace {

using testing::ElementsAre;
using testing::SizeIs;
using testing::StartsWith;

std::vector<std::string> lines(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> all;
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

// Lines that begin with "out: " came on standard output.
std::optional<CrashReport> found(const std::string& text) {
  std::vector<logs::Line> output;
  for (const auto& line : lines(text)) {
    const bool is_out = line.starts_with("out: ");
    output.push_back({0, is_out ? logs::Stream::out : logs::Stream::err, is_out ? line.substr(5) : line});
  }
  return find_crash_report(output);
}

TEST(CrashReport, what_came_on_standard_output_meanwhile_is_no_part_of_it) {
  const auto report =
      found("Traceback (most recent call last):\nout: noise\n  File \"a.py\", line 3\nout: more\nKeyError: 'cart'\n");
  ASSERT_TRUE(report);
  EXPECT_THAT(report->lines, SizeIs(3));
  EXPECT_EQ(report->detail, "KeyError: 'cart'");
}

TEST(CrashReport, is_none_when_the_program_went_on_writing_to_standard_output) {
  std::string text = "Traceback (most recent call last):\n  File \"a.py\", line 3\nKeyError: 'cart'\n";
  for (int i = 0; i < 9; ++i) text += "out: still here\n";
  EXPECT_FALSE(found(text));
}

TEST(CrashReport, is_the_backtrace_of_the_chassis) {
  const auto report = found(
      "starting\n*** order-service crashed: SIGSEGV at 0x10\n#0 __restore_rt at ../sysdeps/unix/x.S:1\n"
      "#1 std::vector<int>::at at /usr/include/c++/12/bits/stl_vector.h:9\n"
      "#2 Orders::place(Order const&) at services/order/app/orders.cpp:42\n#3 main at main.cpp:7\n"
      "*** end of backtrace\n");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->title, "backtrace");
  EXPECT_THAT(report->lines, SizeIs(5));
  EXPECT_EQ(report->detail, "SIGSEGV at 0x10 in Orders::place(Order const&) at services/order/app/orders.cpp:42");
}

TEST(CrashReport, may_end_in_the_middle) {
  const auto report = found("*** web crashed: SIGABRT\n#0 f at x.cpp:1");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->detail, "SIGABRT in f at x.cpp:1");
}

TEST(CrashReport, is_a_report_of_the_address_sanitizer) {
  std::string text =
      "=================================================================\n"
      "==12==ERROR: AddressSanitizer: heap-use-after-free on address 0x602 at pc 0x55 bp 0x7f sp 0x7f\n"
      "READ of size 4 at 0x602 thread T0\n    #0 0x55 in use(int*) /src/web.cpp:12\n\n";
  for (int i = 0; i < 60; ++i) text += "    #" + std::to_string(i) + " 0x55 in deep /src/web.cpp:9\n";
  text += "SUMMARY: AddressSanitizer: heap-use-after-free /src/web.cpp:12 in use(int*)\nShadow bytes around:\n";
  for (int i = 0; i < 30; ++i) text += "  0x0c: fa fa\n";
  const auto report = found(text + "==12==ABORTING\n");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->title, "sanitizer");
  EXPECT_EQ(report->detail, "AddressSanitizer: heap-use-after-free /src/web.cpp:12 in use(int*)");
  EXPECT_THAT(report->lines, SizeIs(shown_report_lines));
  EXPECT_THAT(report->lines.front(), StartsWith("==12==ERROR: "));
  EXPECT_EQ(report->lines[28], "… 36 lines more");
  EXPECT_THAT(report->lines.back(), StartsWith("SUMMARY: "));
}

TEST(CrashReport, is_a_report_of_another_sanitizer) {
  auto report = found("web.cpp:3:5: runtime error: signed integer overflow: 1 + 2147483647\nbye\n");
  ASSERT_TRUE(report);
  EXPECT_THAT(report->lines, ElementsAre("web.cpp:3:5: runtime error: signed integer overflow: 1 + 2147483647"));
  EXPECT_EQ(report->detail, report->lines.front());
  report = found(
      "==================\nWARNING: ThreadSanitizer: data race (pid=7)\n  Write of size 4\n    #0 add x.cpp:8\n"
      "SUMMARY: ThreadSanitizer: data race x.cpp:8 in add\n==================\n");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->detail, "ThreadSanitizer: data race x.cpp:8 in add");
  report = found(
      "==7==ERROR: LeakSanitizer: detected memory leaks\n\nDirect leak of 4 byte(s)\n"
      "SUMMARY: AddressSanitizer: 4 byte(s) leaked in 1 allocation(s).\n");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->detail, "AddressSanitizer: 4 byte(s) leaked in 1 allocation(s).");
}

TEST(CrashReport, is_a_traceback_of_python_with_its_end) {
  std::string text = "Traceback (most recent call last):\n";
  for (int i = 0; i < 50; ++i) text += "  File \"web.py\", line " + std::to_string(i) + ", in f\n    f()\n";
  const auto report = found(text + "ValueError: no such thing\n");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->title, "backtrace");
  EXPECT_EQ(report->detail, "ValueError: no such thing");
  EXPECT_THAT(report->lines, SizeIs(shown_report_lines));
  EXPECT_THAT(report->lines.front(), StartsWith("Traceback"));
  EXPECT_EQ(report->lines.back(), "ValueError: no such thing");
}

TEST(CrashReport, is_not_what_the_program_survived) {
  std::string text = "Traceback (most recent call last):\n  File\nValueError: handled\n";
  for (int i = 0; i < 20; ++i) text += "served\n";
  EXPECT_FALSE(found(text));
  EXPECT_FALSE(found(""));
  EXPECT_FALSE(found("*** welcome ***\nerror: no\n==\n"));
}

TEST(CrashReport, is_taken_from_gdb) {
  const auto report = gdb_report(lines(
      "[New LWP 12]\nCore was generated by `./web'.\nProgram terminated with signal SIGABRT, Aborted.\n"
      "#0  __pthread_kill_implementation (threadid=1) at ./nptl/pthread_kill.c:44\n44\tin x\n"
      "#0  __pthread_kill_implementation (threadid=1) at ./nptl/pthread_kill.c:44\n"
      "#1  0x00007f in raise () from /lib/x86_64-linux-gnu/libc.so.6\n"
      "#2  0x00005 in checkout (cart=@0x7f: {x = 1}) at src/cart.cpp:12\n#3  0x00005 in main () at src/main.cpp:3\n"));
  ASSERT_TRUE(report);
  EXPECT_THAT(report->lines, SizeIs(5));
  EXPECT_EQ(report->detail, "in checkout at src/cart.cpp:12");
  EXPECT_FALSE(gdb_report(lines("warning: core is damaged\n")));
}

TEST(CrashReport, finds_the_first_frame_with_a_source_of_ones_own) {
  EXPECT_EQ(first_own_frame({"#0 0x5 in operator new(unsigned long) ../../../../src/libsanitizer/asan/x.cpp:95",
                             "    #1 0x5 in make(int) /srv/x.cpp:9:3"}),
            "make(int) at /srv/x.cpp:9:3");
  EXPECT_EQ(first_own_frame({"#0 0x5 in f (/lib/libc.so.6+0x1)", "#1 <signal handler called>", "#", "x"}), "");
}

}  // namespace
}  // namespace cli
