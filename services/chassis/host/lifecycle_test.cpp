#include "services/chassis/host/lifecycle.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <boost/asio/post.hpp>

namespace chassis {
namespace {

// The supervisor's end of the notify socket.
class Lifecycle : public ::testing::Test {
 protected:
  Lifecycle() : path_(std::filesystem::temp_directory_path() / ("notify-" + std::to_string(::getpid()))) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path_.string().copy(name.sun_path, sizeof name.sun_path - 1);
    std::filesystem::remove(path_);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
    const timeval patience{5, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setenv("NOTIFY_SOCKET", path_.c_str(), 1);
  }
  ~Lifecycle() override {
    ::close(socket_);
    std::filesystem::remove(path_);
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }
  // The next datagram, or "" after five seconds.
  std::string heard() const {
    char buffer[1000];
    const auto got = ::recv(socket_, buffer, sizeof buffer, 0);
    return got < 0 ? std::string() : std::string(buffer, static_cast<std::size_t>(got));
  }

  int socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  std::filesystem::path path_;
};

TEST_F(Lifecycle, SpeaksSdNotify) {
  NotifyLifecycle lifecycle;
  lifecycle.ready("serving http on port 1");
  EXPECT_EQ(heard(), "READY=1\nSTATUS=serving http on port 1\nMAINPID=" + std::to_string(::getpid()));
  lifecycle.not_ready("database: locked\nREADY=1");
  EXPECT_EQ(heard(), "X_MSCTL_READY=0\nSTATUS=database: locked READY=1");
  lifecycle.stopping();
  EXPECT_THAT(heard(), ::testing::StartsWith("STOPPING=1\nSTATUS="));
  EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr) << "a program that it starts would speak in its name";
}

TEST_F(Lifecycle, SaysNothingWithoutASocket) {
  ::unsetenv("NOTIFY_SOCKET");
  NotifyLifecycle lifecycle;
  lifecycle.ready("serving");
  char buffer[10];
  EXPECT_LT(::recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT), 0);
}

TEST_F(Lifecycle, FeedsTheWatchdogWhileEveryIoThreadIsWell) {
  ::setenv("WATCHDOG_USEC", "20000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  NotifyLifecycle lifecycle;
  IoThreads threads(2);
  lifecycle.start_watchdog(threads);
  std::thread runner([&] { threads.run(); });
  EXPECT_EQ(heard(), "WATCHDOG=1");
  EXPECT_EQ(heard(), "WATCHDOG=1");

  // The second thread hangs: what is on its way still comes, then nothing.
  std::promise<void> hang;
  std::promise<void> hangs;
  boost::asio::post(threads.at(1), [&] {
    hangs.set_value();
    hang.get_future().wait();
  });
  hangs.get_future().wait();
  const timeval three_intervals{0, 60'000};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &three_intervals, sizeof three_intervals);
  while (!heard().empty()) {
  }
  hang.set_value();
  EXPECT_EQ(heard(), "WATCHDOG=1");
  threads.stop();
  runner.join();
}

TEST_F(Lifecycle, FeedsNoWatchdogThatIsMeantForAnother) {
  ::setenv("WATCHDOG_USEC", "1000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  NotifyLifecycle lifecycle;
  IoThreads threads(1);
  lifecycle.start_watchdog(threads);
  EXPECT_EQ(threads.first().poll(), 0);
  char buffer[10];
  EXPECT_LT(::recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT), 0);
}

}  // namespace
}  // namespace chassis
