#include "supervisor/app/probe_question.hpp"

#include <gmock/gmock.h>

namespace app {
namespace {

using spec::ProbeKind;
using ::testing::HasSubstr;

spec::Service service_with(ProbeKind kind) {
  spec::Service service;
  service.ports = {{"http", 80}, {"grpc", 0}};
  service.ready = spec::Probe{};
  service.ready->kind = kind;
  return service;
}

std::string address(const spec::Service& service) {
  const auto question = question_of(service, *ready_probe_of(service));
  return question ? address_of(question.value()) : question.error().message;
}

TEST(ProbeQuestion, EachKindHasAnAddress) {
  auto service = service_with(ProbeKind::http);
  EXPECT_EQ(address(service), "http://127.0.0.1:80/health/ready");
  service.ready->kind = ProbeKind::tcp;
  EXPECT_EQ(address(service), "tcp://127.0.0.1:80");
  service.ready->kind = ProbeKind::grpc;
  service.ready->path = "orders.v1";
  EXPECT_EQ(address(service), "grpc://127.0.0.1:80/orders.v1");
  service.ready->path.clear();
  EXPECT_EQ(address(service), "grpc://127.0.0.1:80");
  service.ready->kind = ProbeKind::exec;
  service.ready->command = {"curl", "-f", "a\nb"};
  EXPECT_EQ(address(service), "exec curl -f a b");
  service.ready->kind = ProbeKind::log;
  service.ready->path = "ready$";
  EXPECT_EQ(address(service), "log /ready$/");
  service.ready->kind = ProbeKind::notify;
  EXPECT_EQ(address(service), "notify");
}

TEST(ProbeQuestion, APortWithoutANumberIsNone) {
  auto service = service_with(ProbeKind::grpc);
  service.ready->port = "grpc";
  EXPECT_EQ(address(service), "it has no port \"grpc\"");
}

std::string external(const std::string& url, const std::string& health = "") {
  spec::Service service;
  service.source = spec::Source::external;
  service.external = spec::External{url, health};
  return address(service);
}

TEST(ProbeQuestion, AnExternalServiceIsAskedAtItsUrl) {
  EXPECT_EQ(external("http://localhost:9000", "/up"), "http://localhost:9000/up");
  EXPECT_EQ(external("http://10.0.0.1/", "/up"), "http://10.0.0.1:80/up");
  EXPECT_EQ(external("http://localhost:9000/a/"), "tcp://localhost:9000");
  EXPECT_EQ(external("tcp://db.example:5432"), "tcp://db.example:5432");
  EXPECT_EQ(external("http://[::1]:9000", "/up"), "http://[::1]:9000/up");
  EXPECT_EQ(external("http://[::1]", "/up"), "http://[::1]:80/up");
}

TEST(ProbeQuestion, AUrlThatIsNoneSaysWhatIsExpected) {
  for (const char* url :
       {"", "https://a:1", "http://", "http://:80", "tcp://a", "tcp://a:0", "tcp://a:65536", "http://a:", "http://a:8x",
        "http://[::1", "http://[]:80", "http://[::1]x", "http://[", "tcp://[::1]", "http://[::1]:", "a:80"}) {
    EXPECT_THAT(external(url), HasSubstr("expected http://HOST")) << url;
  }
}

}  // namespace
}  // namespace app
