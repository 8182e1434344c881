#include <gmock/gmock.h>

#include <algorithm>

#include "supervisor/spec/load.hpp"
#include "supervisor/spec/temp_tree.hpp"

namespace spec {
namespace {

class ClusterErrors : public testing::Test {
 protected:
  std::string error(const std::string& text) {
    auto cluster = load_cluster_with(tree_.write("msctl.yaml", text), "/opt/bin");
    EXPECT_FALSE(cluster);
    return cluster ? "" : cluster.error().message;
  }

  bool loads(const std::string& text) {
    return load_cluster_with(tree_.write("msctl.yaml", text), "/opt/bin").has_value();
  }

  TempTree tree_;
};

TEST_F(ClusterErrors, SchemaErrorsNameFileLineKeyAndExpectation) {
  EXPECT_EQ(error(R"(
services:
  web:
    command: python3
    ports:
      http: eighty
      grpc: 70000
    comand: [x]
    stop_grace_ms: -1
    restart: {policy: never}
  Web_1: {command: [x]}
)"),
            "msctl.yaml:4: services.web.command: expected a list of strings, got \"python3\"\n"
            "msctl.yaml:6: services.web.ports.http: expected a number from 0 to 65535, got \"eighty\"\n"
            "msctl.yaml:7: services.web.ports.grpc: expected a number from 0 to 65535, got 70000\n"
            "msctl.yaml:8: services.web: unknown key \"comand\"; did you mean \"command\"?\n"
            "msctl.yaml:9: services.web.stop_grace_ms: expected a number from 0 to 86400000, got -1\n"
            "msctl.yaml:10: services.web.restart.policy: expected on-failure, always or no, got \"never\"\n"
            "msctl.yaml:11: services.Web_1: expected a name of a-z, 0-9 and - (a DNS label of at most 63), got "
            "\"Web_1\"");
}

TEST_F(ClusterErrors, ErrorsOfTheWholeFile) {
  EXPECT_EQ(error(""), "msctl.yaml:1: expected a map, got nothing");
  EXPECT_EQ(error("[1]"), "msctl.yaml:1: expected a map, got a list");
  EXPECT_EQ(error("name: x"), "msctl.yaml:1: expected the key \"services\" (a map), which is missing");
  EXPECT_EQ(error("{version: 2, services: {}}"), "msctl.yaml:1: version: expected 1, got 2");
  EXPECT_EQ(error("services: {}\nservices: {}"), "msctl.yaml:2: key \"services\" occurs twice");
  EXPECT_EQ(
      error("services: {a: {ports: {http: 1}}}"),
      "msctl.yaml:1: services.a: expected a command, an image or external, or a path to a folder with a service.yaml");
  EXPECT_EQ(error("services: {a: {command: []}}"),
            "msctl.yaml:1: services.a.command: expected a list of strings with at least 1, got an empty one");
  EXPECT_EQ(error("services: {a: {command: [\"\"]}}"), "msctl.yaml:1: services.a.command: the program's name is empty");
  EXPECT_EQ(error("services: {a: {command: [x, 9000]}}"),
            "msctl.yaml:1: services.a.command[1]: expected a string, got 9000; put it in quotes");
}

TEST_F(ClusterErrors, ServiceFileErrorsNameThatFile) {
  tree_.write("a/service.yaml", "name: b\ncommand: [x]\n");
  tree_.write("c/service.yaml", "name: c\n\nversion: 1.0\nformat: 3\n");
  tree_.write("d/service.yaml", "name: [\n");
  EXPECT_EQ(error("services:\n  a: {path: a}\n  b: {path: nowhere}\n  c: {path: c}\n"),
            "a/service.yaml:1: name: expected a, its key in msctl.yaml, got \"b\"\n"
            "msctl.yaml:3: services.b.path: expected a folder with a service.yaml; nowhere/service.yaml: no such file\n"
            "c/service.yaml:3: version: expected a version such as \"0.1.0\", got 1.0; put it in quotes\n"
            "c/service.yaml:4: format: expected 1, got 3");
  EXPECT_THAT(error("services: {d: {path: d}}"), testing::StartsWith("d/service.yaml:2: not valid YAML: "));
}

TEST_F(ClusterErrors, MergedErrorsNameTheFileThatHasTheKey) {
  tree_.write("a/service.yaml",
              "name: a\ncommand: [x]\nprobes:\n  ready: {http: /ready}\ndepends_on: {ghost: ready}\n");
  EXPECT_EQ(error("services:\n  a:\n    path: a\n    probes: {live: {tcp: client}}\n"),
            "a/service.yaml:4: probes.ready: it asks port \"http\", which is not among the service's ports\n"
            "msctl.yaml:4: services.a.probes.live: it asks port \"client\", which is not among the service's ports\n"
            "a/service.yaml:5: depends_on.ghost: no service of this name");
}

TEST_F(ClusterErrors, ProbesAskOneWay) {
  EXPECT_EQ(error("services: {a: {command: [x], ports: {http: 1}, probes: {ready: {http: /, tcp: http}, live: {}}}}"),
            "msctl.yaml:1: services.a.probes.ready: expected exactly one of http, tcp, grpc, exec, log and notify\n"
            "msctl.yaml:1: services.a.probes.live: expected exactly one of http, tcp, grpc, exec, log and notify");
}

TEST_F(ClusterErrors, UnknownServices) {
  EXPECT_EQ(error(R"(
broker: nast
services:
  nats: {command: [x]}
  user-service: {command: [x]}
  a:
    command: [x]
    depends_on: {user-servce: ready}
    calls: {zebra: {}, user-service: {}}
)"),
            "msctl.yaml:2: broker: no service is named \"nast\"; did you mean \"nats\"?\n"
            "msctl.yaml:8: services.a.depends_on.user-servce: no service of this name; did you mean \"user-service\"?\n"
            "msctl.yaml:9: services.a.calls.zebra: no service of this name\n"
            "msctl.yaml:9: services.a.calls.user-service: that service has no port named \"grpc\" or \"http\"");
}

TEST_F(ClusterErrors, OnePortForTwo) {
  EXPECT_EQ(error(R"(services:
  a: {command: [x], ports: {http: 9333}}
  b: {command: [x], ports: {grpc: 1, http: 9333}}
)"),
            "msctl.yaml:3: services.b.ports.http: port 9333 is already a.http; 0 takes a free one");
  EXPECT_TRUE(loads("services: {a: {command: [x], ports: {http: 0, grpc: 0}}}"));
}

TEST_F(ClusterErrors, BrokerAndRoutes) {
  EXPECT_EQ(
      error("services: {a: {command: [x], publishes: [a.b]}}"),
      "msctl.yaml:1: services.a.publishes: needs a broker; name the service that is one as `broker` in msctl.yaml");
  EXPECT_EQ(error("{broker: a, services: {a: {command: [x]}}}"),
            "msctl.yaml:1: broker: service \"a\" has no port named \"client\"");
  EXPECT_EQ(error(R"(services:
  a: {command: [x], ports: {http: 1}, routes: [{prefix: /a, to: /}]}
  b: {command: [x], ports: {http: 2}, routes: [{prefix: /b, to: /}, {prefix: /a, to: /}]}
  c: {command: [x], routes: [{prefix: /c, to: /}], gateway: true}
  d: {command: [x], gateway: true}
)"),
            "msctl.yaml:3: services.b.routes[1].prefix: prefix /a is already a route of a\n"
            "msctl.yaml:4: services.c.routes: routes need a port named \"http\"\n"
            "msctl.yaml:5: services.d.gateway: \"c\" is the gateway already");
}

TEST_F(ClusterErrors, Cycles) {
  EXPECT_EQ(error(R"(services:
  a: {command: [x], depends_on: {b: ready}}
  b: {command: [x], depends_on: {c: started}}
  c: {command: [x], ports: {grpc: 1}, calls: {d: {}}}
  d: {command: [x], ports: {grpc: 2}, depends_on: {b: {required: false}}}
)"),
            "msctl.yaml:3: services.b.depends_on.c: these wait for each other: b -> c -> d -> b");
  EXPECT_EQ(error("services: {a: {command: [x], depends_on: {a: ready}}}"),
            "msctl.yaml:1: services.a.depends_on.a: these wait for each other: a -> a");
  EXPECT_EQ(error(R"({broker: n, services: {
    n: {command: [x], ports: {client: 1}, depends_on: {a: ready}},
    a: {command: [x], publishes: [e]}}})"),
            "msctl.yaml:3: services.a: these wait for each other: a -> n -> a");
}

TEST_F(ClusterErrors, TextsAreCheckedBeforeAnythingStarts) {
  EXPECT_EQ(error(R"(services:
  a: {command: [x, "${port:nope}"], env: {B: "${dir:nope}", C: "${env:NOT_SET_ANYWHERE}"}, ports: {http: 1}}
commands: {demo: {command: ["${port:http}"]}}
try_this: ["ok", "${port:b.http}"]
)"),
            "msctl.yaml:2: services.a.command[1]: \"${port:nope}\": service \"a\" has the ports http\n"
            "msctl.yaml:2: services.a.env.B: \"${dir:nope}\": known are dir:root, dir:state, dir:data, dir:service and "
            "dir:bin\n"
            "msctl.yaml:3: commands.demo.command[0]: \"${port:http}\": expected ${port:SERVICE.NAME} here, as this is "
            "not part of a service\n"
            "msctl.yaml:4: try_this[1]: \"${port:b.http}\": no service is named \"b\"");
}

TEST_F(ClusterErrors, HostileNamesAreRefusedAndShownEscaped) {
  for (const char* name : {"../up", "a/b", "-a", "a-", "A", "a b", "a.b", "\\x1b[31m", "\\n", "é", ""}) {
    const std::string message = error("services: {\"" + std::string(name) + "\": {command: [x]}}");
    EXPECT_THAT(message, testing::HasSubstr("expected a name of a-z")) << name;
    EXPECT_EQ(message.find_first_of("\x1b\n"), std::string::npos) << name;
  }
  EXPECT_THAT(error("services: {" + std::string(64, 'a') + ": {command: [x]}}"), testing::HasSubstr("DNS label"));
  EXPECT_TRUE(loads("services: {" + std::string(63, 'a') + ": {command: [x]}}"));
  EXPECT_THAT(error("services: {? \"" + std::string(500'000, 'a') + "\" : {command: [x]}}"),
              testing::HasSubstr("DNS label"));
  EXPECT_THAT(error("services: {a: {command: [x], env: {\"A=B\": c}}}"),
              testing::HasSubstr("expected a name of letters, digits and _"));
}

TEST_F(ClusterErrors, AtMostTwentyErrors) {
  std::string text = "services:\n";
  for (int i = 0; i < 50; ++i) text += "  a" + std::to_string(i) + ": {depends_on: {nobody: ready}}\n";
  const std::string message = error(text);
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 19);
}

}  // namespace
}  // namespace spec
