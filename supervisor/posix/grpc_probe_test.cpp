#include "supervisor/posix/grpc_probe.hpp"

#include <gmock/gmock.h>

#include "supervisor/posix/grpc_server.hpp"

namespace posix {
namespace {

using testing::CannedAnswer;
using ::testing::Contains;
using testing::GrpcServerSession;
using ::testing::HasSubstr;
using testing::health_message;
using ::testing::IsEmpty;
using ::testing::Pair;

// Both halves talk until the check is done or nobody has anything to say.
ports::Answer converse(GrpcHealthCheck& check, GrpcServerSession& server, std::size_t piece = 1 << 16) {
  for (int round = 0; round < 100 && !check.done(); ++round) {
    const std::string asked = check.output();
    EXPECT_TRUE(server.take(asked));
    const std::string said = server.output();
    for (std::size_t at = 0; at < said.size(); at += piece) check.take(std::string_view(said).substr(at, piece));
    if (asked.empty() && said.empty()) break;
  }
  EXPECT_TRUE(check.done());
  return check.answer();
}

ports::Answer ask(CannedAnswer canned, const std::string& service = "") {
  GrpcHealthCheck check("127.0.0.1:9090", service);
  GrpcServerSession server(std::move(canned));
  return converse(check, server);
}

CannedAnswer with_body(std::string body) {
  CannedAnswer canned;
  canned.body = std::move(body);
  return canned;
}

CannedAnswer with_status(const std::string& status, const std::string& message = "") {
  CannedAnswer canned;
  canned.trailers = {{"grpc-status", status}};
  if (!message.empty()) canned.trailers.emplace_back("grpc-message", message);
  return canned;
}

TEST(GrpcProbe, AsksAsTheProtocolSays) {
  GrpcHealthCheck check("127.0.0.1:9090", "orders.v1");
  GrpcServerSession server(with_body(health_message(1)));
  EXPECT_TRUE(converse(check, server).ok);
  EXPECT_THAT(server.asked, Contains(Pair(":path", "/grpc.health.v1.Health/Check")));
  EXPECT_THAT(server.asked, Contains(Pair(":authority", "127.0.0.1:9090")));
  EXPECT_THAT(server.asked, Contains(Pair("te", "trailers")));
  EXPECT_THAT(server.asked, Contains(Pair("content-type", "application/grpc")));
  EXPECT_EQ(server.request, std::string("\0\0\0\0\x0b\x0a\x09orders.v1", 16));
}

TEST(GrpcProbe, TheServerAsAWholeHasAnEmptyMessage) {
  GrpcHealthCheck check("127.0.0.1:9090", "");
  GrpcServerSession server(with_body(health_message(1)));
  EXPECT_TRUE(converse(check, server).ok);
  EXPECT_EQ(server.request, std::string(5, '\0'));
}

TEST(GrpcProbe, OnlyServingIsGood) {
  EXPECT_TRUE(ask(with_body(health_message(1))).ok);
  EXPECT_EQ(ask(with_body(health_message(0))).problem, "UNKNOWN");
  EXPECT_EQ(ask(with_body(health_message(2))).problem, "NOT_SERVING");
  EXPECT_EQ(ask(with_body(health_message(3))).problem, "SERVICE_UNKNOWN");
  EXPECT_EQ(ask(with_body(health_message(9))).problem, "9");
  EXPECT_EQ(ask(with_body(std::string(5, '\0'))).problem, "UNKNOWN");  // the default is not sent
}

TEST(GrpcProbe, AnAnswerMayComeByteByByte) {
  GrpcHealthCheck check("127.0.0.1:9090", "");
  GrpcServerSession server(with_body(health_message(1)));
  EXPECT_TRUE(converse(check, server, 1).ok);
}

TEST(GrpcProbe, AFailedCallSaysWhy) {
  EXPECT_EQ(ask(with_status("12", "no such method")).problem,
            "gRPC status UNIMPLEMENTED: no such method; does it serve grpc.health.v1.Health?");
  EXPECT_EQ(ask(with_status("5"), "users").problem, "gRPC status NOT_FOUND; it knows no service \"users\"");
  EXPECT_EQ(ask(with_status("99")).problem, "gRPC status 99");
  EXPECT_EQ(ask(with_status("x")).problem, "gRPC status OK");
  CannedAnswer canned;
  canned.headers = {{":status", "503"}};
  EXPECT_EQ(ask(canned).problem, "HTTP status 503");
  canned = {};
  canned.trailers = {};
  EXPECT_EQ(ask(canned).problem, "no gRPC status in its answer");
}

TEST(GrpcProbe, AMessageThatIsNoneIsNoGoodAnswer) {
  for (const auto& body :
       {std::string("\0\0\0", 3), std::string("\1\0\0\0\2\x08\1", 7), std::string("\0\0\0\0\3\x08\1", 7),
        std::string("\0\xff\xff\xff\xff\x08\1", 7), std::string("\0\0\0\0\1\x08", 6),
        std::string("\0\0\0\0\2\x0b\1", 7), std::string("\0\0\0\0\2\x12\x7f", 7), std::string("\0\0\0\0\2\x09\1", 7),
        std::string("\0\0\0\0\1\xff", 6)}) {
    EXPECT_EQ(ask(with_body(body)).problem, "its answer is not a HealthCheckResponse")
        << ::testing::PrintToString(body);
  }
  EXPECT_EQ(ask(with_body(std::string(5000, 'x'))).problem, "its answer is too long for a health check");
}

TEST(GrpcProbe, FieldsOfLaterVersionsAreSkipped) {
  const std::string fields(
      "\x12\x01z\x08\x01\x1d"
      "abcd\x21"
      "abcdefgh\x28\x80\x01",
      22);
  EXPECT_TRUE(ask(with_body(std::string("\0\0\0\0", 4) + static_cast<char>(fields.size()) + fields)).ok);
}

TEST(GrpcProbe, WhatIsNotHttp2SaysSo) {
  GrpcHealthCheck check("127.0.0.1:9090", "");
  check.output();
  check.take("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(check.done());
  EXPECT_FALSE(check.answer().ok);
  EXPECT_THAT(check.answer().problem, HasSubstr("does not speak HTTP/2"));
}

TEST(GrpcProbe, AnEndlessStreamIsCutOff) {
  GrpcHealthCheck check("127.0.0.1:9090", "");
  GrpcServerSession server({});
  EXPECT_TRUE(server.take(check.output()));
  check.take(server.output().substr(0, 9));  // its settings only
  const std::string ping("\0\0\x08\x06\0\0\0\0\0abcdefgh", 17);
  for (int i = 0; i < 20'000 && !check.done(); ++i) check.take(ping);
  ASSERT_TRUE(check.done());
  EXPECT_FALSE(check.answer().ok);
}

}  // namespace
}  // namespace posix
