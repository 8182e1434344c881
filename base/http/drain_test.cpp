// How a Server ends: nothing that a client has sent is lost, and nobody waits for nothing.
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>

#include "base/http/client.hpp"
#include "base/http/server.hpp"
#include "base/timer.hpp"

namespace base::http {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

Response empty_body(int status, std::string_view /*detail*/, const Request& /*request*/) {
  Response response;
  response.status = status;
  return response;
}

Task<Response> echo(Request request) {
  Response response;
  response.body = std::move(request.body);
  co_return response;
}

// One generation of a server, on a thread of its own and on a socket that somebody else holds.
class Generation {
 public:
  Generation(int held, Handler handler = echo) : server_(io_, inherit(held), {}, std::move(handler), empty_body) {
    server_.start();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Generation() {
    if (thread_.joinable()) drain(0ms);
  }
  Clock::duration drain(std::chrono::milliseconds lame_duck) {
    const auto begin = Clock::now();
    begin_drain(lame_duck).get();
    thread_.join();
    return Clock::now() - begin;
  }
  std::future<void> begin_drain(std::chrono::milliseconds lame_duck) {
    return boost::asio::co_spawn(io_, server_.drain(5s, lame_duck), boost::asio::use_future);
  }
  void join() { thread_.join(); }

 private:
  static Listener inherit(int held) { return Listener::inherited(::fcntl(held, F_DUPFD_CLOEXEC, 3)).value(); }

  boost::asio::io_context io_{1};
  Server server_;
  std::thread thread_;
};

// A blocking connection that a client keeps.
class Kept {
 public:
  explicit Kept(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{5, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  }
  ~Kept() { close(); }
  Kept(const Kept&) = delete;

  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  bool send(const std::string& bytes) const {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  // The next answer (its body has no length but 0 or 1), or what came until the end or an error.
  std::string answer() {
    for (;;) {
      const auto head = buffer_.find("\r\n\r\n");
      if (head != std::string::npos) {
        const std::size_t body = buffer_.find("Content-Length: 1\r\n") < head ? 1 : 0;
        if (buffer_.size() >= head + 4 + body) {
          std::string whole = buffer_.substr(0, head + 4 + body);
          buffer_.erase(0, whole.size());
          return whole;
        }
      }
      char bytes[2000];
      const auto got = ::recv(fd_, bytes, sizeof bytes, 0);
      if (got <= 0) return std::exchange(buffer_, {});
      buffer_.append(bytes, static_cast<std::size_t>(got));
    }
  }
  // True when the peer has closed in good order.
  bool ended() const {
    char byte = 0;
    return ::recv(fd_, &byte, 1, 0) == 0;
  }

 private:
  int fd_;
  std::string buffer_;
};

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";

class Drain : public ::testing::Test {
 protected:
  Listener held_ = Listener::tcp("127.0.0.1", 0).value();
};

TEST_F(Drain, WithoutConnectionsIsDoneAtOnce) {
  Generation server(held_.fd());
  { Kept(held_.port()).send(get); }
  EXPECT_LT(server.drain(1s), 900ms);
}

TEST_F(Drain, AKeptConnectionIsAnsweredOnceMoreAndToldToClose) {
  Generation server(held_.fd());
  Kept kept(held_.port());
  kept.send(get);
  EXPECT_THAT(kept.answer(), Not(HasSubstr("Connection: close")));
  auto drained = server.begin_drain(1s);
  while (kept.send(post)) {  // until one of them finds it draining
    const auto answer = kept.answer();
    ASSERT_THAT(answer, ::testing::StartsWith("HTTP/1.1 200 "));
    if (answer.find("Connection: close") != std::string::npos) break;
  }
  EXPECT_TRUE(kept.ended()) << "a reset would have eaten the answer";
  kept.close();
  const auto begin = Clock::now();
  drained.get();
  EXPECT_LT(Clock::now() - begin, 400ms) << "nobody is left who must be told";
  server.join();
}

TEST_F(Drain, AnIdleConnectionIsClosedAfterTheLameDuck) {
  Generation server(held_.fd());
  Kept kept(held_.port());
  kept.send(get);
  kept.answer();
  const auto took = server.drain(200ms);
  EXPECT_GE(took, 200ms);
  EXPECT_LT(took, 4s);
  EXPECT_TRUE(kept.ended());
}

TEST_F(Drain, PipelinedRequestsAreAllAnswered) {
  std::promise<void> begun;
  std::promise<void> go_on;
  std::shared_future<void> may_go_on = go_on.get_future().share();
  std::atomic<int> requests{0};
  Generation server(held_.fd(), [&](Request request) -> Task<Response> {
    if (requests++ == 0) begun.set_value();
    while (may_go_on.wait_for(0s) != std::future_status::ready) {
      Timer pause(co_await boost::asio::this_coro::executor, 1ms);
      co_await pause.async_wait(use_task);
    }
    Response response;
    response.body = std::move(request.body);
    co_return response;
  });
  Kept kept(held_.port());
  kept.send(get + post + get);
  begun.get_future().wait();
  auto drained = server.begin_drain(1s);
  go_on.set_value();
  EXPECT_THAT(kept.answer(), Not(HasSubstr("Connection: close")));
  EXPECT_THAT(kept.answer(), EndsWith("x"));
  EXPECT_THAT(kept.answer(), HasSubstr("Connection: close"));
  EXPECT_TRUE(kept.ended());
  kept.close();
  drained.get();
  server.join();
}

TEST_F(Drain, ARequestOnAConnectionThatWasJustAcceptedIsAnswered) {
  for (int i = 0; i < 20; ++i) {
    Generation server(held_.fd());
    Kept kept(held_.port());
    std::thread late([&] { kept.send(post); });
    auto drained = server.begin_drain(1s);
    // Accepted by the old one or still in the queue for the next one: answered in any case.
    Generation next(held_.fd());
    EXPECT_THAT(kept.answer(), EndsWith("x"));
    late.join();
    kept.close();
    drained.get();
    server.join();
  }
}

TEST_F(Drain, AnOwnSocketsQueueIsAnswered) {
  boost::asio::io_context io(1);
  auto listener = std::make_unique<Listener>(Listener::tcp("127.0.0.1", 0).value());
  Server server(io, *listener, {}, echo, empty_body);
  Kept waiting(listener->port());  // nobody accepts yet
  waiting.send(post);
  listener.reset();
  boost::asio::co_spawn(io, server.drain(5s, 1s), boost::asio::detached);
  std::thread thread([&] { io.run(); });
  EXPECT_THAT(waiting.answer(), EndsWith("x"));
  EXPECT_TRUE(waiting.ended());
  waiting.close();
  thread.join();
}

// Clients that keep their connections, of two kinds, and ones that do not, while servers replace each other.
class Load {
 public:
  explicit Load(std::uint16_t port) : port_(port) {}
  // Keeps its connection until an answer says close, as every client does; never sends anything twice.
  void kept() {
    std::unique_ptr<Kept> connection;
    for (int i = 0; !stop_; ++i) {
      if (!connection) connection = std::make_unique<Kept>(port_);
      const bool sent = connection->send(i % 2 == 0 ? get : post);
      const auto answer = connection->answer();
      count(sent && answer.starts_with("HTTP/1.1 200 ") && answer.find("\r\n\r\n") != std::string::npos);
      if (answer.empty() || answer.find("Connection: close") != std::string::npos) connection.reset();
    }
  }
  void fresh() {
    while (!stop_) {
      Kept connection(port_);
      count(connection.send(post) && connection.answer().ends_with("x"));
    }
  }
  // Several callers on the pool of one Client.
  void pooled(int callers) {
    boost::asio::io_context io(1);
    Client client(io);
    auto call = [this, &client]() -> Task<> {
      for (int i = 0; !stop_; ++i) {
        const Request request{i % 2 == 0 ? "GET" : "POST", "/", {}, i % 2 == 0 ? "" : "x"};
        const Target target{"127.0.0.1", port_, {}};
        const auto answer = co_await client.send(target, request, 5s);
        count(answer && answer.value().status == 200);
      }
    };
    std::vector<std::future<void>> all;
    for (int i = 0; i < callers; ++i) all.push_back(boost::asio::co_spawn(io, call, boost::asio::use_future));
    std::thread thread([&] { io.run(); });
    for (auto& one : all) one.get();
    io.stop();  // its pool
    thread.join();
  }
  void wait_for(int more) const {
    for (const int target = done_ + more; done_ < target;) std::this_thread::sleep_for(1ms);
  }
  void stop() { stop_ = true; }
  int failed() const { return failed_; }

 private:
  void count(bool good) { good ? ++done_ : ++failed_; }

  std::uint16_t port_;
  std::atomic<bool> stop_{false};
  std::atomic<int> done_{0};
  std::atomic<int> failed_{0};
};

TEST_F(Drain, ReplacingTheServerUnderLoadFailsNoRequest) {
  Load load(held_.port());
  auto server = std::make_unique<Generation>(held_.fd());
  std::vector<std::thread> clients;
  for (int i = 0; i < 16; ++i) clients.emplace_back([&] { load.kept(); });
  for (int i = 0; i < 2; ++i) clients.emplace_back([&] { load.fresh(); });
  clients.emplace_back([&] { load.pooled(16); });
  for (int i = 0; i < 8; ++i) {
    load.wait_for(500);
    if (i % 2 == 0) {  // as a rolling restart does
      auto next = std::make_unique<Generation>(held_.fd());
      load.wait_for(50);
      server->drain(1s);
      server = std::move(next);
    } else {  // as a restart does
      server->drain(1s);
      server = std::make_unique<Generation>(held_.fd());
    }
  }
  load.wait_for(500);
  load.stop();
  for (auto& client : clients) client.join();
  EXPECT_EQ(load.failed(), 0);
}

}  // namespace
}  // namespace base::http
