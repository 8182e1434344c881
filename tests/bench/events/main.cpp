// What the way of an event costs, against JetStream itself in the same run: throughput of the outbox, time from commit
// to stored and from commit to the consumer's commit, and a reading with a million rows waiting; and throughput against
// Redis itself. Real servers and real files of SQLite in temporary folders; JSON on stdout.
//
//   bench-events [EVENTS [ROUNDS [BACKLOG]]]
#include <cstdio>
#include <cstdlib>

#include "services/chassis/broker/nats/nats_server.hpp"
#include "services/chassis/broker/redis/redis_server.hpp"
#include "tests/bench/events/delivery.hpp"
#include "tests/bench/events/publishing.hpp"
#include "tests/bench/events/raw.hpp"
#include "tests/bench/events/raw_redis.hpp"

int main(int argc, char** argv) {
  const auto number = [&](int index, int otherwise) { return argc > index ? std::atoi(argv[index]) : otherwise; };
  const bench::Sizes sizes{number(1, 100'000), number(2, 5), number(3, 1'000'000)};
  const std::string body(600, 'x');
  chassis::broker::NatsServer nats;
  bench::Raw raw(nats.url(), body);
  const bench::Peer on_nats{nats.url(), nats.pid(), [&](int events) { raw.publish(events); },
                            [&] { return raw.publish_one_ms(); }};
  auto told = bench::Publishing(on_nats, body, sizes).run();
  told["delivery_ms"] = bench::Delivery(nats.url(), raw, body).run();

  chassis::broker::RedisServer redis;
  bench::RawRedis raw_redis(redis.port(), body);
  const bench::Peer on_redis{redis.url(), redis.pid(), [&](int events) { raw_redis.publish(events); }, {}};
  told["redis"] = bench::Publishing(on_redis, body, sizes).run_throughput()["throughput"];
  std::printf("%s\n", base::dump_json(told).c_str());
}
