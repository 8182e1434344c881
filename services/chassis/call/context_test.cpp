#include "services/chassis/call/context.hpp"

#include <gtest/gtest.h>

#include "base/ids.hpp"

namespace chassis {
namespace {

constexpr auto trace_id = "0af7651916cd43dd8448eb211c80319c";
constexpr auto parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

class Trace : public ::testing::Test {
 protected:
  base::SystemRandom random_;
  base::SystemClock clock_;
};

TEST_F(Trace, ContinuesTheCallersTrace) {
  const auto trace = continue_trace(parent, "congo=t61rcWkgMzE,tenant@sys=1", random_);
  EXPECT_EQ(trace.trace_id, trace_id);
  EXPECT_EQ(trace.parent_id, "b7ad6b7169203331");
  EXPECT_NE(trace.span_id, trace.parent_id);
  EXPECT_TRUE(trace.sampled);
  EXPECT_EQ(trace.tracestate, "congo=t61rcWkgMzE,tenant@sys=1");
  EXPECT_EQ(trace.traceparent(), "00-" + std::string(trace_id) + "-" + trace.span_id + "-01");
}

TEST_F(Trace, KeepsTheSamplingDecision) {
  const auto trace = continue_trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", "", random_);
  EXPECT_FALSE(trace.sampled);
  EXPECT_EQ(trace.traceparent().substr(53), "00");
}

TEST_F(Trace, ReadsAHigherVersionByItsFirstFields) {
  EXPECT_EQ(continue_trace("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what", "", random_).trace_id,
            trace_id);
}

TEST_F(Trace, BeginsAnewWhenTheHeaderIsInvalid) {
  for (const std::string_view bad : {"", "nonsense", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                     "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                                     "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                                     "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                                     "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
                                     "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what",
                                     "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.what"}) {
    const auto trace = continue_trace(bad, "a=b", random_);
    EXPECT_NE(trace.trace_id, trace_id) << bad;
    EXPECT_EQ(trace.trace_id.size(), 32U) << bad;
    EXPECT_EQ(trace.parent_id, "") << bad;
    EXPECT_EQ(trace.tracestate, "") << bad;
  }
}

TEST_F(Trace, DropsAnInvalidTracestate) {
  for (const auto& bad : {std::string("no-equals"), std::string("K=v"), std::string("a=b\n"), std::string("a=b=c"),
                          "a=" + std::string(600, 'x')}) {
    EXPECT_EQ(continue_trace(parent, bad, random_).tracestate, "") << bad;
  }
}

TEST_F(Trace, AChildKeepsTheTraceAndHasASpanOfItsOwn) {
  const auto trace = continue_trace(parent, "a=b", random_);
  const auto child = child_of(trace, random_);
  EXPECT_EQ(child.trace_id, trace.trace_id);
  EXPECT_EQ(child.parent_id, trace.span_id);
  EXPECT_NE(child.span_id, trace.span_id);
  EXPECT_EQ(child.tracestate, "a=b");
}

TEST_F(Trace, TakesAWellFormedRequestIdOnly) {
  EXPECT_EQ(accept_request_id("req_1.A-b", clock_, random_), "req_1.A-b");
  for (const auto& bad : {std::string(), std::string("two words"), std::string("a\r\nb"), std::string(129, 'a')}) {
    EXPECT_TRUE(base::is_uuid(accept_request_id(bad, clock_, random_))) << bad;
  }
}

}  // namespace
}  // namespace chassis
