#include "services/chassis/broker/redis/redis.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/resume.hpp"
#include "base/timer.hpp"
#include "services/chassis/broker/errors.hpp"
#include "services/chassis/broker/outstanding.hpp"
#include "services/chassis/broker/redis/link.hpp"
#include "services/chassis/broker/redis/publication.hpp"
#include "services/chassis/broker/redis/pull.hpp"
#include "services/chassis/broker/redis/streams.hpp"

namespace chassis::broker {
namespace {

using base::ErrorCode;
using base::Result;
using redis::Command;
using redis::Link;
using redis::Publication;
using redis::Pull;
using redis::Script;
using std::chrono::milliseconds;

constexpr std::string_view scheme = "redis://";
constexpr milliseconds closing_grace{500};

std::size_t size_of(const Message& message) {
  auto size = message.subject.size() + message.id.size() + message.body.size();
  for (const auto& [name, value] : message.headers) size += name.size() + value.size();
  return size;
}

using Subjects = std::vector<std::string>;

Subjects subjects_of(const std::string& pattern, const redisReply& streams) {
  std::set<std::string> parts;
  for (auto& taker : redis::takers_of(pattern, streams)) parts.insert(std::move(taker.part));
  return {parts.begin(), parts.end()};
}

// What run() shares with the sending thread and with the timer of its deadline.
struct Run {
  std::vector<Publication> publications;
  std::shared_ptr<Batch> batch;
};

// Of any other command: its answer is of interest where it is that of a message.
std::vector<Publication> only(Command command) {
  std::vector<Publication> one;
  one.push_back({std::move(command), 0});
  return one;
}

class RedisBroker final : public Broker {
 public:
  explicit RedisBroker(redis::Address address)
      : address_(std::move(address)), link_(std::make_shared<Link>(thread_.get_executor(), address_)) {
    boost::asio::post(thread_, [link = link_] {
      // The library writes to sockets that the server may have closed.
      sigset_t broken_pipe;
      sigemptyset(&broken_pipe);
      sigaddset(&broken_pipe, SIGPIPE);
      pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
      link->connect();
    });
  }
  ~RedisBroker() override {
    outstanding_->finish_all(closing());
    boost::asio::post(thread_, [link = std::move(link_)] { link->close(closing_grace); });
    thread_.join();
  }

  base::Task<Result<void>> ensure_stream(base::Monotonic deadline, Stream stream) override {
    Command command{Script::ensure, std::move(stream.subjects)};
    command.words.insert(command.words.begin(), std::move(stream.name));
    return run_one(deadline, std::move(command));
  }

  base::Task<Result<std::uint64_t>> last_sequence(base::Monotonic deadline, std::string stream) override {
    Command command{Script::last, {std::move(stream)}};
    auto results = co_await run(deadline, only(std::move(command)));
    CO_TRY(const auto last, std::move(results.front()));
    co_return last.sequence;
  }

  base::Task<Result<std::vector<std::string>>> subjects(base::Monotonic deadline, std::string pattern) override {
    const auto patience = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
    if (!link_->is_up()) co_return unavailable("not connected");
    if (patience.count() <= 0) co_return late();
    auto start = [this, patience, pattern = std::move(pattern)](base::Resume<Result<Subjects>> resume) {
      auto answer = [pattern, resume = std::make_shared<base::Resume<Result<Subjects>>>(std::move(resume))](
                        Result<const redisReply*> reply) {
        (*resume)(reply ? subjects_of(pattern, *reply.value()) : Result<Subjects>(reply.error()));
      };
      boost::asio::post(thread_, [link = link_, patience, answer = std::move(answer)]() mutable {
        link->send({{}, {"HGETALL", redis::streams_key}}, std::move(answer), patience);
      });
    };
    auto found = base::await_foreign<Result<Subjects>>(std::move(start));
    co_return co_await std::move(found);
  }

  std::uint64_t connections() const override { return link_->connections(); }

  base::Task<Results> publish(base::Monotonic deadline, std::vector<Message> messages) override {
    std::vector<Message> sendable;
    std::vector<std::size_t> too_large;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      if (size_of(messages[i]) > RedisBrokers::max_message_bytes) {
        too_large.push_back(i);
      } else {
        sendable.push_back(std::move(messages[i]));
      }
    }
    auto results = co_await run(deadline, redis::publications(std::move(sendable)));
    for (const auto i : too_large) {
      const auto refused = base::fail(ErrorCode::too_large, "broker: the message is too large");
      results.insert(results.begin() + static_cast<std::ptrdiff_t>(i), Result<Stored>(refused));
    }
    co_return results;
  }

  std::unique_ptr<Subscriber> subscribe(Subscription subscription) override;

  base::Task<Result<void>> ping(base::Monotonic deadline) override {
    Command command{{}, {"PING"}};
    return run_one(deadline, std::move(command));
  }

 private:
  class RedisSubscriber;

  base::Task<Result<void>> run_one(base::Monotonic deadline, Command command) {
    auto results = co_await run(deadline, only(std::move(command)));
    CO_TRY(std::move(results.front()));
    co_return base::success();
  }

  // Sends all at once; one result each, in the order given.
  base::Task<Results> run(base::Monotonic deadline, std::vector<Publication> publications) {
    std::size_t count = 0;
    for (const auto& one : publications) count += redis::answers_to(one.messages);
    Result<void> problem = base::success();
    if (!link_->is_up()) problem = unavailable("not connected");
    if (deadline <= std::chrono::steady_clock::now()) problem = late();
    if (!problem) co_return Results(count, problem.error());
    if (count == 0) co_return Results();

    auto work = std::make_shared<Run>();
    work->publications = std::move(publications);
    auto start = [this, work, count](base::Resume<Results> resume) {
      work->batch = outstanding_->add(count, std::move(resume));
      boost::asio::post(thread_, [link = link_, outstanding = outstanding_, work] { send(*link, outstanding, *work); });
    };
    base::Timer timer(co_await boost::asio::this_coro::executor, deadline);
    timer.async_wait([outstanding = outstanding_, work](boost::system::error_code stopped) {
      if (!stopped) outstanding->finish(*work->batch, late());
    });
    auto answers = base::await_foreign<Results>(std::move(start));
    co_return co_await std::move(answers);
  }

  static void send(Link& link, const std::shared_ptr<Outstanding>& outstanding, const Run& work) {
    auto id = work.batch->first;
    for (const auto& [command, messages] : work.publications) {
      if (outstanding->answered(*work.batch)) return;
      link.send(command, [outstanding, id, count = messages](Result<const redisReply*> reply) {
        for (std::size_t n = 0; n < redis::answers_to(count); ++n) {
          outstanding->answer(id + n,
                              reply ? redis::stored_of(count, *reply.value(), n) : Result<Stored>(reply.error()));
        }
      });
      id += redis::answers_to(messages);
    }
  }

  const redis::Address address_;
  boost::asio::thread_pool thread_{1};
  std::shared_ptr<Link> link_;
  std::shared_ptr<Outstanding> outstanding_ = std::make_shared<Outstanding>();
};

class RedisBroker::RedisSubscriber final : public Subscriber {
 public:
  RedisSubscriber(RedisBroker& broker, const Subscription& subscription)
      : broker_(broker),
        durable_(subscription.durable),
        ack_wait_(subscription.ack_wait),
        pull_(std::make_shared<Pull>(broker.thread_.get_executor(), broker.address_, broker.link_, subscription)) {}
  ~RedisSubscriber() override {
    stop();
    boost::asio::post(broker_.thread_, [pull = std::move(pull_)] {});  // goes away on the thread that it lives on
  }

  base::Task<redis::Deliveries> fetch(base::Monotonic deadline, std::size_t at_most) override {
    if (stopped_) co_return ended();
    if (!broker_.link_->is_up()) co_return unavailable("not connected");
    auto start = [this, deadline, at_most](base::Resume<redis::Deliveries> resume) {
      boost::asio::post(broker_.thread_, [pull = pull_, deadline, at_most, resume = std::move(resume)]() mutable {
        pull->fetch(at_most, deadline, std::move(resume));
      });
    };
    auto deliveries = base::await_foreign<redis::Deliveries>(std::move(start));
    co_return co_await std::move(deliveries);
  }

  base::Task<Result<void>> done(base::Monotonic deadline, const Delivery& delivery) override {
    return settle(deadline, redis::settlement(durable_, delivery, milliseconds(-1)));
  }
  base::Task<Result<void>> again(base::Monotonic deadline, const Delivery& delivery, milliseconds delay) override {
    return settle(deadline, redis::settlement(durable_, delivery, std::max(delay, milliseconds(0))));
  }
  base::Task<Result<void>> drop(base::Monotonic deadline, const Delivery& delivery) override {
    return done(deadline, delivery);
  }
  // A delivery is counted when it is made.
  base::Task<Result<void>> extend(base::Monotonic deadline, const Delivery& delivery) override {
    return again(deadline, delivery, ack_wait_);
  }

  void stop() override {
    if (stopped_.exchange(true)) return;
    boost::asio::post(broker_.thread_, [pull = pull_] { pull->stop(); });
  }

 private:
  base::Task<Result<void>> settle(base::Monotonic deadline, Command command) {
    auto settled = co_await broker_.run_one(deadline, std::move(command));
    if (settled) boost::asio::post(broker_.thread_, [pull = pull_] { pull->settled(); });
    co_return settled;
  }

  RedisBroker& broker_;
  const std::string durable_;
  const milliseconds ack_wait_;
  std::shared_ptr<Pull> pull_;
  std::atomic<bool> stopped_ = false;
};

std::unique_ptr<Subscriber> RedisBroker::subscribe(Subscription subscription) {
  return std::make_unique<RedisSubscriber>(*this, subscription);
}

}  // namespace

bool is_redis_url(const std::string& url) { return url.starts_with(scheme); }

Result<std::unique_ptr<Broker>> RedisBrokers::connect(const std::string& url) {
  const auto colon = url.rfind(':');
  if (!is_redis_url(url) || colon <= scheme.size()) {
    return base::fail(ErrorCode::malformed, "broker URL: expected redis://address:port, got '" + url + "'");
  }
  redis::Address address{url.substr(scheme.size(), colon - scheme.size()), url.substr(colon + 1)};
  return std::unique_ptr<Broker>(std::make_unique<RedisBroker>(std::move(address)));
}

}  // namespace chassis::broker
