#include "supervisor/spec/resolve.hpp"

#include <gmock/gmock.h>

namespace spec {
namespace {

Cluster cluster() {
  Cluster cluster;
  cluster.root = "/w";
  cluster.state = "/w/.msctl";
  cluster.bin = "/opt/bin";
  Service web;
  web.name = "web";
  web.folder = "/w/services/web";
  web.ports = {{"http", 8080}, {"grpc", 9090}};
  cluster.services["web"] = web;
  Service nats;
  nats.name = "nats";
  nats.ports = {{"client", 4322}};
  cluster.services["nats"] = nats;
  return cluster;
}

std::optional<std::string> environment(const std::string& name) {
  if (name == "HOME") return "/users/x";
  if (name == "EMPTY") return "";
  return std::nullopt;
}

std::string resolved(const std::string& text, const std::string& service = "web") {
  const auto result = resolve_with(cluster(), service, text, environment);
  return result ? result.value() : "error: " + result.error().message;
}

TEST(Resolve, Ports) {
  EXPECT_EQ(resolved("${port:http}"), "8080");
  EXPECT_EQ(resolved("nats://h:${port:nats.client}/${port:grpc}"), "nats://h:4322/9090");
  EXPECT_EQ(resolved("${port:web.http}", ""), "8080");
}

TEST(Resolve, Folders) {
  EXPECT_EQ(resolved("${dir:root} ${dir:state} ${dir:data} ${dir:service} ${dir:bin}"),
            "/w /w/.msctl /w/.msctl/data/web /w/services/web /opt/bin");
  EXPECT_EQ(resolved("${dir:root}", ""), "/w");
  EXPECT_EQ(resolved("${dir:data}", ""), "error: \"${dir:data}\": known here are dir:root, dir:state and dir:bin");
}

TEST(Resolve, Environment) {
  EXPECT_EQ(resolved("${env:HOME}/a"), "/users/x/a");
  EXPECT_EQ(resolved("${env:NOPE:-x:-y}"), "x:-y");
  EXPECT_EQ(resolved("${env:EMPTY}|${env:EMPTY:-d}|${env:NOPE:-}"), "|d|");
  EXPECT_EQ(resolved("${env:NOPE}"),
            "error: \"${env:NOPE}\": the variable is not set; give it a default as ${env:NOPE:-default}");
  EXPECT_EQ(resolved("${env:}"), "error: \"${env:}\": expected ${env:NAME} or ${env:NAME:-default}");
}

TEST(Resolve, OtherDollarsStay) {
  EXPECT_EQ(resolved("$HOME $$ $ } {"), "$HOME $$ $ } {");
  EXPECT_EQ(resolved("$${port:http}"), "${port:http}");
  EXPECT_EQ(resolved("a$${b}${port:http}"), "a${b}8080");
  EXPECT_EQ(resolved(""), "");
}

TEST(Resolve, ValuesAreNotResolvedAgain) {
  EXPECT_EQ(resolved("${env:NOPE:-${port:http}"), "${port:http");
  const auto twice = [](const std::string&) { return std::optional<std::string>("${dir:root}"); };
  EXPECT_EQ(resolve_with(cluster(), "web", "${env:A}", twice).value(), "${dir:root}");
}

TEST(Resolve, MistakesSayWhatIsKnown) {
  EXPECT_EQ(resolved("${port:nope}"), "error: \"${port:nope}\": service \"web\" has the ports grpc, http");
  EXPECT_EQ(resolved("${port:ghost.http}"), "error: \"${port:ghost.http}\": no service is named \"ghost\"");
  EXPECT_EQ(resolved("${nope}"), "error: \"${nope}\": expected ${port:…}, ${dir:…} or ${env:…}; $${ is a literal ${");
  EXPECT_EQ(resolved("x ${port:http"), "error: \"${port:http\": it has no closing }");
}

TEST(Resolve, AsksTheRealEnvironment) {
  EXPECT_EQ(resolve(cluster(), "web", "${env:PATH}").value(), std::getenv("PATH"));
}

}  // namespace
}  // namespace spec
