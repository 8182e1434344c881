#include "services/chassis/metrics/metrics.hpp"

#include <thread>
#include <vector>

#include <gmock/gmock.h>

namespace chassis {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, CountsPerSeries) {
  Metrics metrics;
  metrics.count("http_requests_total", "Requests.", {{"method", "GET"}});
  metrics.count("http_requests_total", "Other help.", {{"method", "GET"}}, 2);
  metrics.count("http_requests_total", "Requests.", {{"method", "POST"}});
  const auto text = metrics.serialize();
  EXPECT_THAT(text, HasSubstr("# HELP http_requests_total Requests.\n# TYPE http_requests_total counter\n"));
  EXPECT_THAT(text, HasSubstr("http_requests_total{method=\"GET\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("http_requests_total{method=\"POST\"} 1\n"));
}

TEST(Metrics, AGaugeKeepsTheLastValue) {
  Metrics metrics;
  metrics.gauge("outbox_rows", "Rows.", {}, 5);
  metrics.gauge("outbox_rows", "Rows.", {}, 2);
  EXPECT_THAT(metrics.serialize(), HasSubstr("outbox_rows 2\n"));
}

TEST(Metrics, LatenciesFallIntoBuckets) {
  Metrics metrics;
  metrics.observe_seconds("rpc_seconds", "Latency.", {{"m", "a"}}, 0.0004);
  metrics.observe_seconds("rpc_seconds", "Latency.", {{"m", "a"}}, 20);
  const auto text = metrics.serialize();
  EXPECT_THAT(text, HasSubstr("rpc_seconds_bucket{m=\"a\",le=\"0.0005\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("rpc_seconds_bucket{m=\"a\",le=\"10\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("rpc_seconds_count{m=\"a\"} 2\n"));
}

TEST(Metrics, EscapesLabelValues) {
  Metrics metrics;
  metrics.count("a_total", "A.", {{"path", "x\"\n\\"}});
  EXPECT_THAT(metrics.serialize(), HasSubstr("a_total{path=\"x\\\"\\n\\\\\"} 1\n"));
}

TEST(Metrics, AMisusedNameIsLeftOutAndHarmsNothing) {
  Metrics metrics;
  metrics.count("a_total", "A.", {});
  metrics.gauge("a_total", "A.", {}, 7);
  metrics.count("not a name", "B.", {});
  EXPECT_THAT(metrics.serialize(), HasSubstr("a_total 1\n"));
  EXPECT_THAT(metrics.serialize(), Not(HasSubstr("not a name")));
}

TEST(Metrics, LosesNoCountBetweenThreads) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) metrics.count("n_total", "N.", {{"k", std::to_string(n % 3)}});
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(metrics.serialize(), HasSubstr("n_total{k=\"0\"} 1336\n"));
}

}  // namespace
}  // namespace chassis
