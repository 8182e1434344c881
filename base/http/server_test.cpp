// Server and Client against each other and against raw sockets, over real loopback TCP and a Unix socket.
#include "base/http/server.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>

#include "base/http/client.hpp"

namespace base::http {
namespace {

using namespace std::chrono_literals;

Response error_body(int status, std::string_view detail, const Request& /*request*/) {
  Response response;
  response.status = status;
  response.body = detail;
  return response;
}

Task<Response> echo(Request request) {
  Response response;
  response.headers.add("X-Target", request.target);
  response.headers.add("X-Method", request.method);
  response.body = std::move(request.body);
  co_return response;
}

ServerLimits test_limits() {
  ServerLimits limits;
  limits.body_bytes = 1000;
  limits.header_timeout = 200ms;
  limits.body_timeout = 200ms;
  return limits;
}

// A server on its own thread, for tests that talk to it with blocking calls.
class Running {
 public:
  explicit Running(Listener listener, Handler handler = echo, ServerLimits limits = test_limits())
      : listener_(std::move(listener)), server_(io_, listener_, limits, std::move(handler), error_body) {
    server_.start();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Running() {
    boost::asio::co_spawn(io_, server_.drain(1s), boost::asio::use_future).get();
    thread_.join();
  }
  std::uint16_t port() const { return listener_.port(); }

 private:
  boost::asio::io_context io_{1};
  Listener listener_;
  Server server_;
  std::thread thread_;
};

Running tcp_server(Handler handler = echo) {
  return Running(Listener::tcp("127.0.0.1", 0).value(), std::move(handler));
}

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  return fd;
}

// Sends bytes and reads until the server closes or a second has passed.
std::string raw(std::uint16_t port, const std::string& bytes, bool half_close = false) {
  const int fd = connect_to(port);
  std::string answer;
  ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (half_close) ::shutdown(fd, SHUT_WR);
  char buffer[4096];
  for (ssize_t got = 0; (got = ::recv(fd, buffer, sizeof buffer, 0)) > 0;) answer.append(buffer, got);
  ::close(fd);
  return answer;
}

Target to(std::uint16_t port) { return Target{"127.0.0.1", port, {}}; }

TEST(HttpServer, AnswersOverTcp) {
  auto server = tcp_server();
  const auto answer = send_blocking(to(server.port()), Request{"POST", "/a?b=c", {}, "hello"}, 2s);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer.value().status, 200);
  EXPECT_EQ(answer.value().body, "hello");
  EXPECT_EQ(answer.value().headers.get("x-target"), "/a?b=c");
  EXPECT_TRUE(answer.value().headers.has("date"));
}

TEST(HttpServer, AnswersOverAUnixSocketWithALongPath) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("http-test-" + std::to_string(::getpid())) / std::string(120, 'x');
  std::filesystem::create_directories(folder);
  const std::string path = folder / "s.sock";
  int uid = -1;
  {
    Running server(Listener::unix_socket(path).value(), [&](Request request) -> Task<Response> {
      uid = request.peer_uid;
      return echo(std::move(request));
    });
    const auto answer = send_blocking(Target{{}, 0, path}, Request{}, 2s);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer.value().status, 200);
  }
  EXPECT_EQ(uid, static_cast<int>(::getuid()));
  std::filesystem::remove_all(folder.parent_path());
}

TEST(HttpServer, KeepsTheConnectionAndReadsPipelinedRequests) {
  auto server = tcp_server();
  const auto answer =
      raw(server.port(), "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("X-Target: /1"), std::string::npos);
  EXPECT_NE(answer.find("X-Target: /2"), std::string::npos);
}

TEST(HttpServer, ClosesWhenOneOfTheConnectionOptionsSaysSo) {
  auto server = tcp_server();
  for (const char* option : {"close", "keep-alive, Close", "x,close ,y"}) {
    const auto answer =
        raw(server.port(), "GET / HTTP/1.1\r\nHost: a\r\nConnection: " + std::string(option) + "\r\n\r\n");
    EXPECT_NE(answer.find("Connection: close"), std::string::npos) << option;
  }
}

TEST(HttpServer, SkipsEmptyLinesBeforeARequest) {
  auto server = tcp_server();
  const auto answer = raw(server.port(), "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
}

TEST(HttpServer, RefusesATlsHandshakeAtOnce) {
  auto server = tcp_server();
  EXPECT_TRUE(raw(server.port(), "\x16\x03\x01\x02").starts_with("HTTP/1.1 400 "));
}

TEST(HttpServer, ReadsChunkedBodiesAndDropsTrailers) {
  auto server = tcp_server();
  const auto answer = raw(server.port(),
                          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                          "3\r\nabc\r\n2\r\nde\r\n0\r\nX-Late: 1\r\n\r\n");
  EXPECT_NE(answer.find("\r\n\r\nabcde"), std::string::npos) << answer;
}

TEST(HttpServer, SendsNoBodyForHead) {
  auto server = tcp_server();
  const auto answer = raw(server.port(), "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST(HttpServer, AnswersContinueBeforeTheBody) {
  auto server = tcp_server();
  const auto answer =
      raw(server.port(), "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\n")) << answer;
}

TEST(HttpServer, RefusesALargeBodyEvenWhenItIsSentWhole) {
  auto server = tcp_server();
  const std::string body(4'000'000, 'x');
  const auto answer = raw(server.port(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n" + body, true);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
  const auto chunked = raw(server.port(), "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n" +
                                              std::string(0xfff, 'x') + "\r\n0\r\n\r\n");
  EXPECT_TRUE(chunked.starts_with("HTTP/1.1 413 ")) << chunked;
}

TEST(HttpServer, TimesOutHalfSentRequests) {
  auto server = tcp_server();
  EXPECT_TRUE(raw(server.port(), "GET / HT").starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(
      raw(server.port(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc").starts_with("HTTP/1.1 408 "));
}

TEST(HttpServer, RefusesLargeHeadersAndBadFraming) {
  auto server = tcp_server();
  EXPECT_TRUE(raw(server.port(), "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n")
                  .starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(raw(server.port(), "GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(raw(server.port(), "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n")
                  .starts_with("HTTP/1.1 400 "));
}

TEST(HttpServer, StaysUpWhenPeersVanish) {
  auto server = tcp_server();
  for (int i = 0; i < 50; ++i) raw(server.port(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", true);
  EXPECT_TRUE(send_blocking(to(server.port()), Request{}, 2s));
}

TEST(HttpServer, ARequestWhoseHandlerThrowsFailsAlone) {
  auto server = tcp_server([](Request) -> Task<Response> {
    throw std::runtime_error("defect");
    co_return Response{};
  });
  EXPECT_EQ(send_blocking(to(server.port()), Request{}, 2s).value().status, 500);
  EXPECT_EQ(send_blocking(to(server.port()), Request{}, 2s).value().status, 500);
}

TEST(HttpServer, ANewConnectionTakesTheLongestIdleOnesPlace) {
  ServerLimits few = test_limits();
  few.connections = 4;
  Running server(Listener::tcp("127.0.0.1", 0).value(), echo, few);
  std::vector<int> idle;
  for (int i = 0; i < 20; ++i) {
    idle.push_back(connect_to(server.port()));
    EXPECT_TRUE(send_blocking(to(server.port()), Request{}, 1s)) << i;
  }
  for (const int fd : idle) ::close(fd);
}

TEST(HttpListener, ASecondOwnerOfAPortFails) {
  const auto first = Listener::tcp("127.0.0.1", 0).value();
  const auto second = Listener::tcp("127.0.0.1", first.port());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
}

TEST(HttpClient, SaysWhatFailed) {
  std::uint16_t port = 0;
  { port = Listener::tcp("127.0.0.1", 0).value().port(); }
  const auto refused = send_blocking(to(port), Request{}, 1s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);

  const auto silent = Listener::tcp("127.0.0.1", 0).value();  // accepts by the kernel, never answers
  const auto late = send_blocking(to(silent.port()), Request{}, 100ms);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::timeout);
}

TEST(HttpClient, ReusesItsConnectionAndSurvivesAClosedOne) {
  auto server = tcp_server();
  boost::asio::io_context io(1);
  Client client(io);
  int answered = 0;
  auto run = [&]() -> Task<> {
    const Target target = to(server.port());
    const Request plain;
    for (int i = 0; i < 3; ++i) {
      if (co_await client.send(target, plain, 1s)) ++answered;
    }
    // The server closes after this answer; the next requests must not fail because of it.
    Request last;
    last.headers.add("Connection", "close");
    if (co_await client.send(target, last, 1s)) ++answered;
    const Request post{"POST", "/", {}, "x"};
    if (co_await client.send(target, post, 1s)) ++answered;
  };
  boost::asio::co_spawn(io, run(), boost::asio::detached);
  io.run();
  EXPECT_EQ(answered, 5);
}

}  // namespace
}  // namespace base::http
