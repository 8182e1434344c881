#include "services/chassis/rpc/grpc/peers.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "base/http/server.hpp"

namespace chassis::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Peers, AreTheEstablishedConnectionsToThePort) {
  constexpr std::string_view table =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 0100007F:2379 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1\n"
      "   1: 0100007F:2379 0200007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 2 1\n"
      "   2: 0100007F:2379 0100007F:9C41 06 00000000:00000000 00:00000000 00000000     0        0 3 1\n"
      "   3: 0100007F:237A 0100007F:9C42 01 00000000:00000000 00:00000000 00000000     0        0 4 1\n"
      "   4: nonsense\n";
  EXPECT_THAT(established(table, 0x2379), ElementsAre("ipv4:127.0.0.2:40000"));
  EXPECT_THAT(established("", 1), IsEmpty());
}

TEST(Peers, ComeFromTheKernel) {
  const auto listener = base::http::Listener::tcp("127.0.0.1", 0).value();
  EXPECT_THAT(connected_peers(listener.port()), IsEmpty());
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(listener.port());
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  socklen_t size = sizeof name;
  ::getsockname(client, reinterpret_cast<sockaddr*>(&name), &size);
  EXPECT_THAT(connected_peers(listener.port()), ElementsAre("ipv4:127.0.0.1:" + std::to_string(ntohs(name.sin_port))));
  ::close(client);
}

}  // namespace
}  // namespace chassis::rpc
