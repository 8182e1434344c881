#include "cli/session/wording.hpp"

#include <gmock/gmock.h>

namespace cli {
namespace {

using testing::HasSubstr;

control::EventView event(const char* state, const char* reason) {
  control::EventView made;
  made.service = "web";
  made.state = state;
  made.reason = reason;
  made.pid = 7;
  made.elapsed_ms = 35;
  return made;
}

TEST(EventLine, says_how_long_a_start_took) {
  EXPECT_EQ(event_line(event("ready", "answers"), 5, Style::plain()), "web    ready in 35 ms (pid 7)");
}

TEST(EventLine, gives_the_reason_of_a_crash) {
  EXPECT_EQ(event_line(event("backoff", "exit code 1; starts again in 80 ms"), 3, Style::plain()),
            "web  backoff: exit code 1; starts again in 80 ms");
}

TEST(EventLine, a_start_that_is_given_up_is_not_another_start) {
  EXPECT_EQ(event_line(event("starting", "pid 7"), 3, Style::plain()), "web  starting");
  EXPECT_EQ(event_line(event("starting", "still runs (pid 7)"), 3, Style::plain()), "web  starting");
  EXPECT_EQ(event_line(event("starting", "not ready within 600 ms: refused"), 3, Style::plain()),
            "web  starting: not ready within 600 ms: refused; is being ended");
}

TEST(EventLine, is_silent_about_waiting) {
  EXPECT_FALSE(event_line(event("pending", "waits for db (starting)"), 3, Style::plain()));
}

TEST(TotalLine, counts) {
  EXPECT_EQ(total_line(5, 0, 0, 0.412), "5 services ready in 412 ms");
  EXPECT_EQ(total_line(1, 1, 1, 12.34), "1 service ready and 1 completed in 12.3 s (1 already ran)");
}

TEST(EndLine, counts) {
  EXPECT_EQ(end_line(2, 0.08), "2 services stopped in 80 ms");
  EXPECT_EQ(end_line(0, 0.012), "no service ran any more; the supervisor ended in 12 ms");
}

TEST(FailureBlock, has_cause_log_and_next_step) {
  const std::string block =
      failure_block({"web", "failed", "exit code 3", ".msctl/logs/web.log", {"boom"}, {}}, Style::plain());
  EXPECT_THAT(block, HasSubstr("web: failed\n  cause  exit code 3\n"));
  EXPECT_THAT(block, HasSubstr("| boom\n  next   msctl logs web\n"));
}

TEST(FailureBlock, names_the_process_that_holds_the_port) {
  const std::string block = failure_block(
      {"web", "failed", "port 80 (http) is taken by pid 12 (nginx)", "l", {}, {"app", "bff"}}, Style::plain());
  EXPECT_THAT(block, HasSubstr("next   kill 12 "));
  EXPECT_THAT(block, HasSubstr("  blocks app, bff\n  log    l (nothing from this start)\n"));
}

TEST(FailureBlock, has_each_part_in_its_order) {
  Failure failure{"web", "failed", "signal 11 (SIGSEGV)", "l", {"boom"}, {"app"}};
  failure.probes = {"12:00:01.250 ready http://127.0.0.1:1/ HTTP status 503", "12:00:02.250 ready no answer"};
  failure.holder = PortHolder{12, "nginx -g daemon", "", ""};
  failure.crash = CrashReport{"backtrace", {"#0 f at x.cpp:3"}, "SIGSEGV at 0x0 in f at x.cpp:3"};
  EXPECT_EQ(failure_block(failure, Style::plain()),
            "\nweb: failed\n"
            "  cause  signal 11 (SIGSEGV): SIGSEGV at 0x0 in f at x.cpp:3\n"
            "  blocks app\n"
            "  log    l\n"
            "         | boom\n"
            "  probes 12:00:01.250 ready http://127.0.0.1:1/ HTTP status 503\n"
            "         12:00:02.250 ready no answer\n"
            "  port   pid 12 is nginx -g daemon\n"
            "  backtrace\n"
            "         | #0 f at x.cpp:3\n"
            "  next   kill 12   (or give the service another port)\n");
}

TEST(FailureBlock, frees_a_port_that_another_cluster_has_by_its_own_means) {
  Failure failure{"web", "failed", "port 80 (http) is taken by pid 12 (x)", "l", {}, {}};
  failure.holder = PortHolder{12, "x", "api", "/srv/shop"};
  std::string block = failure_block(failure, Style::plain());
  EXPECT_THAT(block, HasSubstr("  port   pid 12 is service api of the cluster in /srv/shop: x\n"));
  EXPECT_THAT(block, HasSubstr("  next   cd /srv/shop && msctl stop api   (or give"));
  failure.holder->cluster.clear();
  block = failure_block(failure, Style::plain());
  EXPECT_THAT(block, HasSubstr("is service api of this cluster: x\n  next   msctl stop api   (or give"));
}

TEST(FailureBlock, shows_a_report_instead_of_no_lines) {
  Failure failure{"web", "failed", "exit code 1", "l", {}, {}};
  failure.crash = CrashReport{"sanitizer", {"==1==ERROR: \x1b[1m", "SUMMARY: x"}, "x"};
  const std::string block = failure_block(failure, Style::plain());
  EXPECT_THAT(block, HasSubstr("  cause  exit code 1: x\n  log    l\n  sanitizer\n         | ==1==ERROR: \\x1b[1m\n"));
}

TEST(BuildFailureBlock, says_how_it_ended_or_why_it_never_began) {
  EXPECT_EQ(build_failure_block("web", 2 << 8, "", "l", {"boom"}, Style::plain()),
            "\nweb: build failed\n  cause  exit code 2\n  log    l\n         | boom\n");
  EXPECT_THAT(build_failure_block("web", 9, "", "l", {}, Style::plain()), HasSubstr("cause  signal 9\n"));
  EXPECT_THAT(build_failure_block("web", 0, "cannot run x", "l", {}, Style::plain()),
              HasSubstr("cause  cannot run x\n  log    l (empty)\n"));
}

}  // namespace
}  // namespace cli
