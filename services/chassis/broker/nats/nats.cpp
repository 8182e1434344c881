#include "services/chassis/broker/nats/nats.hpp"

#include <atomic>
#include <chrono>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/json.hpp"
#include "base/timer.hpp"
#include "services/chassis/broker/nats/connection.hpp"
#include "services/chassis/broker/nats/pull.hpp"

namespace chassis::broker {
namespace {

using base::ErrorCode;
using base::Result;
using base::Timer;

constexpr std::chrono::seconds connect_retry{1};

// What publish() shares with the sending thread and with the timer of its deadline.
struct Publication {
  std::vector<Message> messages;
  std::shared_ptr<Batch> batch;
};

// Which of them need no answer: those that the next one names. The first one has its own, to count from.
std::vector<bool> find_quiet(const std::vector<Message>& messages) {
  std::vector<bool> quiet;
  for (std::size_t i = 1; i + 1 < messages.size(); ++i) {
    const auto& message = messages[i];
    if (!message.is_quiet || message.id.empty() || messages[i + 1].after != message.id) continue;
    quiet.resize(messages.size());
    quiet[i] = true;
  }
  return quiet;
}

std::string nak(std::chrono::milliseconds delay) {
  return "-NAK " + base::dump_json({{"delay", std::chrono::nanoseconds(delay).count()}});
}

class NatsBroker final : public Broker {
 public:
  explicit NatsBroker(const std::string& url) : connection_(std::make_shared<Connection>(url)) {
    boost::asio::post(thread_, [this] { connect(); });
  }
  ~NatsBroker() override {
    closing_ = true;
    boost::asio::post(thread_, [this] { retry_.cancel(); });
    thread_.join();  // what is queued runs out: each call is bounded by its own deadline
    connection_->close();
  }

  base::Task<Result<void>> ensure_stream(base::Monotonic deadline, Stream stream) override {
    return on_thread<void>([connection = connection_, deadline, stream = std::move(stream)] {
      return connection->ensure_stream(deadline, stream);
    });
  }

  base::Task<Result<std::uint64_t>> last_sequence(base::Monotonic deadline, std::string stream) override {
    return on_thread<std::uint64_t>([connection = connection_, deadline, stream = std::move(stream)] {
      return connection->last_sequence(deadline, stream);
    });
  }

  base::Task<Result<std::vector<std::string>>> subjects(base::Monotonic deadline, std::string pattern) override {
    return on_thread<std::vector<std::string>>([connection = connection_, deadline, pattern = std::move(pattern)] {
      return connection->subjects(deadline, pattern);
    });
  }

  std::uint64_t connections() const override { return connection_->connections(); }

  base::Task<Result<void>> ping(base::Monotonic deadline) override {
    return on_thread<void>([connection = connection_, deadline] { return connection->ping(deadline); });
  }

  std::unique_ptr<Subscriber> subscribe(Subscription subscription) override;

  base::Task<Results> publish(base::Monotonic deadline, std::vector<Message> messages) override {
    auto problem = connection_->check_connected();
    if (deadline <= std::chrono::steady_clock::now()) problem = late();
    if (!problem) co_return Results(messages.size(), problem.error());
    if (messages.empty()) co_return Results();

    auto publication = std::make_shared<Publication>();
    publication->messages = std::move(messages);
    auto start = [this, publication](base::Resume<Results> resume) {
      publication->batch = connection_->outstanding().add(publication->messages.size(), std::move(resume),
                                                          find_quiet(publication->messages));
      ++publications_;
      boost::asio::post(thread_, [this, connection = connection_, publication] {
        send(*connection, *publication);
        // What is behind it pushes for both: a push waits for the server.
        if (--publications_ == 0) connection->push();
      });
    };
    Timer timer(co_await boost::asio::this_coro::executor, deadline);
    timer.async_wait([connection = connection_, publication](boost::system::error_code stopped) {
      if (!stopped) connection->outstanding().finish(*publication->batch, late());
    });
    auto answers = base::await_foreign<Results>(std::move(start));
    co_return co_await std::move(answers);
  }

 private:
  class NatsSubscriber;

  static void send(Connection& connection, const Publication& publication) {
    const auto& batch = *publication.batch;
    for (std::size_t i = 0; i < publication.messages.size(); ++i) {
      if (connection.outstanding().answered(batch)) return;
      connection.send(batch.first + i, publication.messages[i], !batch.quiet.empty() && batch.quiet[i]);
    }
  }

  // The library goes on by itself once it has a connection object; it gives none for an address it cannot use now.
  void connect() {
    if (closing_ || connection_->connect() || closing_) return;
    retry_.expires_after(connect_retry);
    retry_.async_wait([this](boost::system::error_code stopped) {
      if (!stopped) connect();
    });
  }

  template <class T>
  base::Task<Result<T>> on_thread(std::function<Result<T>()> call) {
    return base::await_foreign<Result<T>>([this, job = std::move(call)](base::Resume<Result<T>> resume) mutable {
      boost::asio::post(thread_, [job = std::move(job), resume = std::move(resume)]() mutable { resume(job()); });
    });
  }

  std::shared_ptr<Connection> connection_;
  boost::asio::thread_pool thread_{1};
  boost::asio::steady_timer retry_{thread_};
  std::atomic<bool> closing_ = false;
  std::atomic<int> publications_ = 0;  // on their way to the thread
};

// Settling is a message to the delivery's own subject that the broker answers, so it goes the way of publications.
class NatsBroker::NatsSubscriber final : public Subscriber {
 public:
  NatsSubscriber(NatsBroker& broker, Subscription subscription)
      : broker_(broker), pull_(std::make_shared<Pull>(std::move(subscription))) {}
  ~NatsSubscriber() override { stop(); }

  base::Task<Deliveries> fetch(base::Monotonic deadline, std::size_t at_most) override {
    if (stopped_) co_return ended();
    CO_TRY(broker_.connection_->check_connected());
    auto start = [this, deadline, at_most](base::Resume<Deliveries> resume) {
      pull_->wait(at_most, std::move(resume));
      boost::asio::post(broker_.thread_, [connection = broker_.connection_, pull = pull_, deadline] {
        pull->request(*connection, deadline);
      });
    };
    Timer timer(co_await boost::asio::this_coro::executor, deadline);
    timer.async_wait([pull = pull_](boost::system::error_code stopped) {
      if (!stopped) pull->answer();
    });
    auto deliveries = base::await_foreign<Deliveries>(std::move(start));
    co_return co_await std::move(deliveries);
  }

  base::Task<Result<void>> done(base::Monotonic deadline, const Delivery& delivery) override {
    return settle(deadline, delivery, "+ACK");
  }
  base::Task<Result<void>> again(base::Monotonic deadline, const Delivery& delivery,
                                 std::chrono::milliseconds delay) override {
    return settle(deadline, delivery, nak(delay));
  }
  base::Task<Result<void>> drop(base::Monotonic deadline, const Delivery& delivery) override {
    return settle(deadline, delivery, "+TERM");
  }
  base::Task<Result<void>> extend(base::Monotonic deadline, const Delivery& delivery) override {
    return settle(deadline, delivery, "+WPI");
  }

  void stop() override {
    if (stopped_.exchange(true)) return;
    pull_->stop();
    boost::asio::post(broker_.thread_, [connection = broker_.connection_, pull = pull_] { pull->close(*connection); });
  }

 private:
  base::Task<Result<void>> settle(base::Monotonic deadline, const Delivery& delivery, std::string verdict) {
    std::vector<Message> messages;
    messages.push_back({delivery.handle, {}, {}, std::move(verdict)});
    auto answers = co_await broker_.publish(deadline, std::move(messages));
    CO_TRY(std::move(answers.front()));
    co_return base::success();
  }

  NatsBroker& broker_;
  std::shared_ptr<Pull> pull_;
  std::atomic<bool> stopped_ = false;
};

std::unique_ptr<Subscriber> NatsBroker::subscribe(Subscription subscription) {
  return std::make_unique<NatsSubscriber>(*this, std::move(subscription));
}

}  // namespace

Result<std::unique_ptr<Broker>> NatsBrokers::connect(const std::string& url) {
  constexpr std::string_view scheme = "nats://";
  if (!url.starts_with(scheme) || url.find(':', scheme.size()) == url.npos) {
    return base::fail(ErrorCode::malformed, "broker URL: expected nats://address:port, got '" + url + "'");
  }
  return std::unique_ptr<Broker>(std::make_unique<NatsBroker>(url));
}

}  // namespace chassis::broker
