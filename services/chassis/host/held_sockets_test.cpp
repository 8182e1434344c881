#include "services/chassis/host/held_sockets.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>

#include <gmock/gmock.h>

namespace chassis {
namespace {

using base::http::Listener;
using ::testing::HasSubstr;

// What `inside` says in a process of its own whose descriptors from 3 on are copies of `descriptors`.
std::string in_child(const std::vector<int>& descriptors, const std::function<std::string()>& inside) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr int high = 500;  // out of the way
    for (std::size_t i = 0; i < descriptors.size(); ++i) ::dup2(descriptors[i], high + static_cast<int>(i));
    ::dup2(ends[1], high - 1);
    for (std::size_t i = 0; i < descriptors.size(); ++i) ::dup2(high + static_cast<int>(i), 3 + static_cast<int>(i));
    const std::string said = inside();
    ::_exit(::write(high - 1, said.data(), said.size()) < 0 ? 1 : 0);
  }
  ::close(ends[1]);
  std::string said;
  char buffer[1000];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) said.append(buffer, got);
  ::close(ends[0]);
  int status = 1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return said;
}

void set_environment(pid_t pid, const char* count, const char* names) {
  ::setenv("LISTEN_PID", std::to_string(pid).c_str(), 1);
  ::setenv("LISTEN_FDS", count, 1);
  if (names != nullptr) ::setenv("LISTEN_FDNAMES", names, 1);
}

std::string describe(const base::Result<std::vector<HeldSocket>>& taken) {
  if (!taken) return taken.error().message;
  std::string text;
  for (const auto& socket : taken.value()) {
    const int fd = socket.listener.fd();
    text += socket.name + " " + std::to_string(socket.listener.port());
    text += (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 ? " cloexec" : "";
    text += (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 ? " nonblock" : "";
    text += socket.listener.is_inherited() ? " inherited;" : ";";
  }
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
    if (std::getenv(name) != nullptr) text += std::string(" still set: ") + name;
  }
  return text;
}

class HeldSockets : public ::testing::Test {
 protected:
  HeldSockets() {
    ::fcntl(first_.fd(), F_SETFL, 0);  // blocking, as systemd makes them
  }
  Listener first_ = Listener::tcp("127.0.0.1", 0).value();
  Listener second_ = Listener::tcp("127.0.0.1", 0).value();
};

TEST_F(HeldSockets, TakesThoseThatAreMeantForThisProcess) {
  const auto said = in_child({first_.fd(), second_.fd()}, [] {
    set_environment(::getpid(), "2", "http:grpc");
    return describe(take_held_sockets());
  });
  EXPECT_EQ(said, "http " + std::to_string(first_.port()) + " cloexec nonblock inherited;grpc " +
                      std::to_string(second_.port()) + " cloexec nonblock inherited;");
}

TEST_F(HeldSockets, LeavesThoseOfAnotherProcessAlone) {
  EXPECT_EQ(in_child({first_.fd()},
                     [] {
                       set_environment(::getpid() + 1, "1", "http");
                       return describe(take_held_sockets());
                     }),
            "");
}

TEST_F(HeldSockets, NamesAreOptional) {
  EXPECT_EQ(in_child({first_.fd()},
                     [] {
                       set_environment(::getpid(), "1", nullptr);
                       return describe(take_held_sockets());
                     }),
            " " + std::to_string(first_.port()) + " cloexec nonblock inherited;");
}

TEST_F(HeldSockets, SaysWhatIsWrong) {
  const auto with = [](const std::vector<int>& descriptors, const char* count) {
    return in_child(descriptors, [count] {
      set_environment(::getpid(), count, "http");
      return describe(take_held_sockets());
    });
  };
  const int file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int silent = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int datagrams = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(with({}, "many"), "LISTEN_FDS is no number of descriptors: 'many'");
  EXPECT_EQ(with({}, "-1"), "LISTEN_FDS is no number of descriptors: '-1'");
  EXPECT_EQ(with({file}, "1"), "LISTEN_FDS: 'http': the inherited descriptor 3 is not a socket");
  EXPECT_EQ(with({silent}, "1"), "LISTEN_FDS: 'http': the inherited descriptor 3 is a socket that does not listen");
  EXPECT_THAT(with({datagrams}, "1"), HasSubstr("is not a TCP socket"));
  EXPECT_THAT(with({first_.fd()}, "500"), HasSubstr("is not"));
  for (const int fd : {file, silent, datagrams}) ::close(fd);
}

TEST_F(HeldSockets, BelongToPortsByNameAndElseByNumber) {
  const auto first = first_.port();
  const auto second = second_.port();
  std::map<std::string, std::uint16_t> ports{{"http", 0}, {"grpc", second}};
  std::vector<HeldSocket> sockets;
  sockets.push_back({"http", std::move(first_)});
  sockets.push_back({"order-service.socket", std::move(second_)});
  const auto matched = match_held_sockets(std::move(sockets), ports);
  ASSERT_TRUE(matched) << matched.error().message;
  EXPECT_EQ(matched.value().at("http").port(), first);
  EXPECT_EQ(matched.value().at("grpc").port(), second);
  EXPECT_EQ(ports.at("http"), first);
}

TEST_F(HeldSockets, MustBeTheConfiguredPort) {
  const auto bound = std::to_string(first_.port());
  std::map<std::string, std::uint16_t> ports{{"http", second_.port()}};
  std::vector<HeldSocket> sockets;
  sockets.push_back({"http", std::move(first_)});
  const auto wrong = match_held_sockets(std::move(sockets), ports);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "LISTEN_FDS: the socket 'http', bound to port " + bound +
                                       ", is not the configured port " + std::to_string(second_.port()));
  std::vector<HeldSocket> unknown;
  unknown.push_back({"admin", std::move(second_)});
  ports["http"] = 1;
  EXPECT_THAT(match_held_sockets(std::move(unknown), ports).error().message, HasSubstr("belongs to no port"));
}

}  // namespace
}  // namespace chassis
