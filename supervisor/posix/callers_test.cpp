#include "supervisor/posix/callers.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace posix {
namespace {

using boost::asio::ip::tcp;

class CallersTest : public ::testing::Test {
 protected:
  CallersTest()
      : acceptor_(io_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)), client_(io_), server_(io_) {
    client_.connect(acceptor_.local_endpoint());
    acceptor_.accept(server_);
    peer_ = client_.local_endpoint().port();
    port_ = acceptor_.local_endpoint().port();
  }

  // A process that has the client's end, too, as a service of the cluster would.
  pid_t heir(const std::string& state, const std::string& service) {
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_adddup2(&files, client_.native_handle(), 0);
    std::string sleep = "/bin/sleep";
    std::string long_enough = "60";
    std::vector<char*> argv{sleep.data(), long_enough.data(), nullptr};
    std::string in_state = "MSCTL_STATE=" + state;
    std::string of_service = "MSCTL_SERVICE=" + service;
    std::vector<char*> env{in_state.data(), of_service.data(), nullptr};
    pid_t pid = 0;
    EXPECT_EQ(::posix_spawn(&pid, sleep.c_str(), &files, nullptr, argv.data(), env.data()), 0);
    ::posix_spawn_file_actions_destroy(&files);
    return pid;
  }

  boost::asio::io_context io_;
  tcp::acceptor acceptor_;
  tcp::socket client_;
  tcp::socket server_;
  std::uint16_t peer_ = 0;
  std::uint16_t port_ = 0;
};

TEST_F(CallersTest, FindsTheSocketOfAConnection) {
  const auto inode = socket_inode(peer_, port_);
  EXPECT_NE(inode, 0U);
  EXPECT_NE(socket_inode(port_, peer_), 0U);
  EXPECT_NE(socket_inode(port_, peer_), inode);  // the other end is another socket
  EXPECT_EQ(socket_inode(peer_, 1), 0U);
}

TEST_F(CallersTest, KnowsWhoseItIs) {
  const auto state = std::filesystem::temp_directory_path() / ("callers-" + std::to_string(::getpid()));
  const pid_t pid = heir(state.string(), "order-service");
  EXPECT_TRUE(Callers(state).is_of(peer_, port_, "order-service"));
  EXPECT_FALSE(Callers(state).is_of(peer_, port_, "user-service"));
  EXPECT_FALSE(Callers("/another/cluster").is_of(peer_, port_, "order-service"));
  EXPECT_FALSE(Callers(state).is_of(peer_, 1, "order-service"));
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

}  // namespace
}  // namespace posix
