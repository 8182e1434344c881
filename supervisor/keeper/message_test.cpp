#include "supervisor/keeper/message.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "supervisor/keeper/spawn_request.hpp"

namespace keeper {
namespace {

using ::testing::ElementsAre;

class MessageTest : public ::testing::Test {
 protected:
  MessageTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    one_ = posix::Descriptor(ends[0]);
    other_ = posix::Descriptor(ends[1]);
  }
  posix::Descriptor one_, other_;
};

TEST_F(MessageTest, parts_are_bytes_of_any_kind_and_length) {
  const std::vector<std::string> parts{"", std::string("\0\n\xff", 3), std::string(300'000, 'x')};
  ASSERT_TRUE(send(one_.get(), Kind::spawn, parts));
  const auto got = receive(other_.get());
  ASSERT_TRUE(got);
  EXPECT_EQ(got.value().kind, Kind::spawn);
  EXPECT_EQ(got.value().parts, parts);
}

TEST_F(MessageTest, descriptors_travel_along_in_order) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  ASSERT_TRUE(send(one_.get(), Kind::hello, {std::string(100'000, 'x')}, {pipe[0], pipe[1]}));
  const auto got = receive(other_.get());
  ASSERT_TRUE(got);
  ASSERT_EQ(got.value().descriptors.size(), 2U);
  ASSERT_EQ(::write(got.value().descriptors[1].get(), "!", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(got.value().descriptors[0].get(), &byte, 1), 1);
  EXPECT_EQ(byte, '!');
  for (const int fd : pipe) ::close(fd);
}

TEST_F(MessageTest, nothing_yet_is_told_from_the_end) {
  EXPECT_EQ(receive(other_.get()).error().code, base::ErrorCode::conflict);
  one_ = posix::Descriptor();
  EXPECT_EQ(receive(other_.get()).error().code, base::ErrorCode::unavailable);
  EXPECT_EQ(send(other_.get(), Kind::kill, {}).error().code, base::ErrorCode::unavailable);
}

TEST_F(MessageTest, junk_is_refused) {
  for (const std::string junk : {std::string("\x02\xff\xff\xff\xff", 5), std::string("\x02\x05\0\0\0ab", 7),
                                 std::string("\x82", 1), std::string("\x02\x01", 2)}) {
    ASSERT_GT(::send(one_.get(), junk.data(), junk.size(), 0), 0);
    EXPECT_EQ(receive(other_.get()).error().code, base::ErrorCode::malformed);
  }
}

TEST_F(MessageTest, a_full_socket_does_not_block_who_may_not_wait) {
  int sent = 0;
  while (send(one_.get(), Kind::notified, {std::string(1000, 'x')}, {}, false) && sent < 100'000) ++sent;
  EXPECT_LT(sent, 100'000);
  EXPECT_EQ(send(one_.get(), Kind::notified, {"x"}, {}, false).error().code, base::ErrorCode::conflict);
}

TEST(SpawnRequest, survives_the_way_there) {
  SpawnRequest request;
  request.program = "/bin/sh";
  request.argv = {"sh", "", "a b"};
  request.env = {"A=\xff"};
  request.log_max_bytes = 1LL << 40;
  request.socket_names = {"http"};
  request.memo = "{}";
  const auto read = spawn_request(parts_of(request));
  ASSERT_TRUE(read);
  EXPECT_EQ(read.value().argv, request.argv);
  EXPECT_EQ(read.value().env, request.env);
  EXPECT_EQ(read.value().log_max_bytes, request.log_max_bytes);
  EXPECT_THAT(read.value().socket_names, ElementsAre("http"));
  EXPECT_FALSE(spawn_request({"/bin/sh"}));
  EXPECT_FALSE(spawn_request({"/bin/sh", "\x05"}));
}

TEST(Hello, survives_the_way_there) {
  Hello said;
  said.keeper = 5;
  said.ended = true;
  said.status = 256;
  said.notified = {"READY=1", "STATUS=x"};
  const auto read = hello(parts_of(said));
  ASSERT_TRUE(read);
  EXPECT_EQ(read.value().keeper, 5);
  EXPECT_TRUE(read.value().ended);
  EXPECT_FALSE(read.value().runs);
  EXPECT_EQ(read.value().notified, said.notified);
}

}  // namespace
}  // namespace keeper
