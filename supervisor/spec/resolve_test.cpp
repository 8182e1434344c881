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
  web.home = "/w/services/web";
  web.folder = "/w/services/web/sub";
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

base::Result<std::string> content(const std::filesystem::path& file) {
  if (file == "/w/secrets/db") return std::string("s3cret\r\n\n");
  if (file == "/etc/zero") return std::string("a\0b", 3);
  return base::fail(base::ErrorCode::not_found, file.string() + ": no such file");
}

std::string resolved(const std::string& text, const std::string& service = "web") {
  const auto result = resolve_with(cluster(), service, text, {environment, content});
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

TEST(Resolve, Files) {
  EXPECT_EQ(resolved("${file:secrets/db}!"), "s3cret!");
  EXPECT_EQ(resolved("${file:x/../secrets/db}", ""), "s3cret");
  EXPECT_EQ(resolved("${file:nope}"), "error: \"${file:nope}\": /w/nope: no such file");
  EXPECT_EQ(resolved("${file:/etc/zero}"), "error: \"${file:/etc/zero}\": the file has a NUL character");
  EXPECT_EQ(resolved("${file:}"), "error: \"${file:}\": expected ${file:PATH}, relative to the folder of msctl.yaml");
  EXPECT_THAT(files_of(cluster(), "web", "${env:A} ${file:secrets/db}${file:/b}"),
              testing::ElementsAre("/w/secrets/db", "/b"));
}

TEST(Resolve, EnvFilesComeAfterTheProcess) {
  Cluster given = cluster();
  given.env = {{"MSCTL_TEST_ONLY_IN_FILE", "x"}, {"PATH", "not this"}};
  EXPECT_EQ(resolve(given, "web", "${env:MSCTL_TEST_ONLY_IN_FILE}").value(), "x");
  EXPECT_EQ(resolve(given, "web", "${env:PATH}").value(), std::getenv("PATH"));
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
  EXPECT_EQ(resolve_with(cluster(), "web", "${env:A}", {twice, content}).value(), "${dir:root}");
}

TEST(Resolve, MistakesSayWhatIsKnown) {
  EXPECT_EQ(resolved("${port:nope}"), "error: \"${port:nope}\": service \"web\" has the ports grpc, http");
  EXPECT_EQ(resolved("${port:ghost.http}"), "error: \"${port:ghost.http}\": no service is named \"ghost\"");
  EXPECT_EQ(resolved("${nope}"),
            "error: \"${nope}\": expected ${port:…}, ${dir:…}, ${env:…} or ${file:…}; $${ is a literal ${");
  EXPECT_EQ(resolved("x ${port:http"), "error: \"${port:http\": it has no closing }");
}

TEST(Resolve, AsksTheRealEnvironment) {
  EXPECT_EQ(resolve(cluster(), "web", "${env:PATH}").value(), std::getenv("PATH"));
}

}  // namespace
}  // namespace spec
