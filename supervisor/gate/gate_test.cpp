#include "supervisor/gate/gate.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "base/http/server.hpp"
#include "supervisor/gate/gates.hpp"

namespace gate {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

// Sends back what it gets, one connection after the other, until a connection says nothing.
class Echo {
 public:
  Echo() : listener_(base::http::Listener::tcp("127.0.0.1", 0).value()) {
    const int flags = ::fcntl(listener_.fd(), F_GETFL);
    ::fcntl(listener_.fd(), F_SETFL, flags & ~O_NONBLOCK);
    thread_ = std::thread([this] { serve(); });
  }
  ~Echo() {
    ::shutdown(listener_.fd(), SHUT_RDWR);
    thread_.join();
    for (auto& one : served_) one.join();
  }
  std::uint16_t port() const { return listener_.port(); }

 private:
  void serve() {
    for (;;) {
      const int peer = ::accept(listener_.fd(), nullptr, nullptr);
      if (peer < 0) return;
      served_.emplace_back([peer] {
        std::array<char, 4096> buffer{};
        for (;;) {
          const ssize_t got = ::recv(peer, buffer.data(), buffer.size(), 0);
          if (got <= 0 || ::send(peer, buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) < 0) break;
        }
        ::close(peer);
      });
    }
  }
  base::http::Listener listener_;
  std::thread thread_;
  std::vector<std::thread> served_;
};

class GateTest : public ::testing::Test {
 protected:
  GateTest()
      : gates_(home_, [this](std::uint16_t peer, std::uint16_t, const std::string& service) {
          return service == "friend" && peer == friendly_;
        }) {
    auto front = base::http::Listener::tcp("127.0.0.1", 0).value();
    port_ = front.port();
    gates_.open(port_, echo_.port(), ::dup(front.fd()));
  }

  tcp::socket connect() {
    tcp::socket socket(io_);
    socket.connect(tcp::endpoint(boost::asio::ip::address_v4::loopback(), port_));
    const timeval patience{5, 0};
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return socket;
  }
  void use(Mode mode, Rule rule = {}) {
    rule.mode = mode;
    gates_.use(port_, {rule});
    settle();
  }
  // What was asked of the gates before has been done.
  void settle() {
    bool done = false;
    gates_.count_open({port_}, [&](std::size_t) { done = true; });
    home_.restart();
    const auto guard = boost::asio::make_work_guard(home_);
    while (!done) home_.run_one();
  }
  static bool say(tcp::socket& socket, const std::string& text) {
    error_code failed;
    boost::asio::write(socket, boost::asio::buffer(text), failed);
    return !failed;
  }
  static std::string hear(tcp::socket& socket, std::size_t size) {
    std::string text(size, '\0');
    error_code failed;
    text.resize(boost::asio::read(socket, boost::asio::buffer(text), failed));
    return text;
  }
  static std::string ask(tcp::socket& socket, const std::string& text) {
    return say(socket, text) ? hear(socket, text.size()) : "";
  }
  // Whether something comes within the time.
  static bool hears(tcp::socket& socket, std::chrono::milliseconds within) {
    pollfd wait{socket.native_handle(), POLLIN, 0};
    return ::poll(&wait, 1, static_cast<int>(within.count())) > 0;
  }
  static std::chrono::milliseconds time(const std::function<void()>& work) {
    const auto began = Clock::now();
    work();
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
  }

  boost::asio::io_context home_;
  boost::asio::io_context io_;
  Echo echo_;
  std::atomic<std::uint16_t> friendly_{0};
  std::uint16_t port_ = 0;
  Gates gates_;
};

TEST_F(GateTest, PassesBothWaysAndEnds) {
  auto socket = connect();
  EXPECT_EQ(ask(socket, "hello"), "hello");
  const std::string large(300'000, 'x');
  std::thread writer([&] { say(socket, large); });
  EXPECT_EQ(hear(socket, large.size()), large);
  writer.join();
  socket.shutdown(tcp::socket::shutdown_send);
  EXPECT_EQ(hear(socket, 1), "");  // the echo's end comes back
}

TEST_F(GateTest, DelayIsForTheRoundTripAndEndsWithTheRule) {
  auto socket = connect();
  Rule rule;
  rule.delay = 80ms;
  use(Mode::delay, rule);
  EXPECT_GE(time([&] { EXPECT_EQ(ask(socket, "slow"), "slow"); }), 79ms);
  use(Mode::pass);
  EXPECT_LT(time([&] { EXPECT_EQ(ask(socket, "fast"), "fast"); }), 60ms);
}

TEST_F(GateTest, ResetEndsOpenConnectionsAndRefusesNewOnes) {
  auto socket = connect();
  EXPECT_EQ(ask(socket, "a"), "a");
  use(Mode::reset);
  EXPECT_EQ(ask(socket, "b"), "");
  auto fresh = connect();
  EXPECT_EQ(ask(fresh, "c"), "");
  use(Mode::pass);
  auto later = connect();
  EXPECT_EQ(ask(later, "d"), "d");
}

TEST_F(GateTest, RefuseLeavesOpenConnectionsAlone) {
  auto socket = connect();
  EXPECT_EQ(ask(socket, "a"), "a");
  use(Mode::refuse);
  EXPECT_EQ(ask(socket, "b"), "b");
  auto fresh = connect();
  EXPECT_EQ(ask(fresh, "c"), "");
}

TEST_F(GateTest, BlackholeSwallowsAndGivesBack) {
  auto socket = connect();
  EXPECT_EQ(ask(socket, "a"), "a");
  use(Mode::blackhole);
  ASSERT_TRUE(say(socket, "b"));
  auto fresh = connect();
  ASSERT_TRUE(say(fresh, "c"));
  EXPECT_FALSE(hears(socket, 50ms));
  EXPECT_FALSE(hears(fresh, 10ms));
  use(Mode::pass);
  EXPECT_EQ(hear(socket, 1), "b");
  EXPECT_EQ(hear(fresh, 1), "c");
}

TEST_F(GateTest, HangTakesNoNewConnections) {
  auto socket = connect();
  EXPECT_EQ(ask(socket, "a"), "a");
  use(Mode::hang);
  EXPECT_EQ(ask(socket, "b"), "b");
  auto fresh = connect();  // the kernel's queue takes it
  ASSERT_TRUE(say(fresh, "c"));
  EXPECT_FALSE(hears(fresh, 50ms));
  use(Mode::pass);
  EXPECT_EQ(hear(fresh, 1), "c");
}

TEST_F(GateTest, ThrottleLimitsTheFlow) {
  auto socket = connect();
  Rule rule;
  rule.bytes_per_second = 20'000;
  use(Mode::throttle, rule);
  const std::string text(8'000, 'x');  // a tenth of a second's worth goes at once
  EXPECT_GE(time([&] { EXPECT_EQ(ask(socket, text), text); }), 250ms);
}

TEST_F(GateTest, PiecesKeepEveryByte) {
  auto socket = connect();
  Rule rule;
  rule.piece = 3;
  use(Mode::pieces, rule);
  EXPECT_EQ(ask(socket, "abcdefghij"), "abcdefghij");
  ASSERT_TRUE(say(socket, "0123456789"));
  std::array<char, 64> first{};
  EXPECT_LE(::recv(socket.native_handle(), first.data(), first.size(), 0), 3);
}

TEST_F(GateTest, CorruptTurnsBytesOver) {
  auto socket = connect();
  Rule rule;
  rule.every = 4;
  use(Mode::corrupt, rule);
  const std::string text = "abcdefgh";
  EXPECT_NE(ask(socket, text), "");
  use(Mode::pass);
  EXPECT_EQ(ask(socket, text), text);
  std::string bytes = "abcdefgh";
  std::uint64_t position = 0;
  corrupt(bytes, 4, position);
  EXPECT_EQ(bytes, std::string("abc") + static_cast<char>(~'d') + "efg" + static_cast<char>(~'h'));
}

TEST_F(GateTest, ARuleForOneCallerSparesTheOthers) {
  auto one = connect();
  auto other = connect();
  EXPECT_EQ(ask(one, "a"), "a");
  EXPECT_EQ(ask(other, "a"), "a");
  friendly_ = one.local_endpoint().port();
  Rule rule;
  rule.from = "friend";
  use(Mode::reset, rule);
  EXPECT_EQ(ask(one, "b"), "");
  EXPECT_EQ(ask(other, "b"), "b");
}

TEST_F(GateTest, AfterCloseConnectionsGoOnUntilForgotten) {
  auto socket = connect();
  EXPECT_EQ(ask(socket, "a"), "a");
  bool closed = false;
  gates_.close(port_, [&] { closed = true; });
  settle();
  EXPECT_TRUE(closed);
  EXPECT_EQ(ask(socket, "b"), "b");
  gates_.forget(port_);
  EXPECT_EQ(ask(socket, "c"), "");
}

TEST_F(GateTest, BindsAsSoonAsThePortIsFree) {
  auto taken = base::http::Listener::tcp("127.0.0.1", 0).value();
  const auto port = taken.port();
  gates_.open(port, echo_.port(), -1);
  port_ = port;
  settle();
  taken = base::http::Listener();
  for (int i = 0; i < 1000; ++i) {
    error_code failed;
    tcp::socket socket(io_);
    socket.connect(tcp::endpoint(boost::asio::ip::address_v4::loopback(), port), failed);
    if (failed) {
      settle();
      continue;
    }
    EXPECT_EQ(ask(socket, "free"), "free");
    return;
  }
  FAIL() << "the gate did not open";
}

TEST_F(GateTest, AServiceThatIsAwayRefusesThroughTheGate) {
  auto none = base::http::Listener::tcp("127.0.0.1", 0).value();
  const auto nobody = none.port();
  none = base::http::Listener();
  auto front = base::http::Listener::tcp("127.0.0.1", 0).value();
  port_ = front.port();
  gates_.open(port_, nobody, ::dup(front.fd()));
  auto socket = connect();
  EXPECT_EQ(ask(socket, "a"), "");
}

TEST(Rule, NamesGoThereAndBack) {
  for (std::size_t i = 0; i < mode_count; ++i) {
    const auto mode = static_cast<Mode>(i);
    EXPECT_EQ(mode_from(name(mode)), mode);
  }
  EXPECT_EQ(mode_from("quantum"), std::nullopt);
}

}  // namespace
}  // namespace gate
