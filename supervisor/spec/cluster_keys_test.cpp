// The keys that cluster_test.cpp leaves out: where a service comes from, its instances, resources and further probes.
#include <gmock/gmock.h>

#include "supervisor/spec/load.hpp"
#include "supervisor/spec/temp_tree.hpp"

namespace spec {
namespace {

using testing::ElementsAre;
using testing::Pair;

class ClusterKeys : public testing::Test {
 protected:
  Cluster load(const std::string& text) {
    auto cluster = load_cluster_with(tree_.write("msctl.yaml", text), "/opt/bin");
    EXPECT_TRUE(cluster) << cluster.error().message;
    return cluster ? std::move(cluster).value() : Cluster{};
  }
  std::string error(const std::string& text) {
    auto cluster = load_cluster_with(tree_.write("msctl.yaml", text), "/opt/bin");
    EXPECT_FALSE(cluster);
    return cluster ? "" : cluster.error().message;
  }

  TempTree tree_;
};

TEST_F(ClusterKeys, Instances) {
  const Service web = load(R"(services: {web: {
    command: [x], ports: {http: 1, grpc: 2, admin: 3}, sockets: [grpc, http], replicas: 3, folder: sub/./dir,
    resources: {memory: 256M, cpus: 0.5, open_files: 1024}, logs: {max_size: 1M, files: 2, max_age_days: 3},
    register: {tags: [a, b], meta: {team: x}}, restart: {success_codes: [143, 3, 3]},
    build: {command: [make], inputs: ["src/**"]}}})")
                          .services.at("web");
  EXPECT_THAT(web.sockets, ElementsAre("grpc", "http"));
  EXPECT_EQ(web.replicas, 3);
  EXPECT_EQ(web.home, tree_.root());
  EXPECT_EQ(web.folder, tree_.root() / "sub/dir");
  EXPECT_EQ(web.resources.memory_bytes, 256 << 20);
  EXPECT_EQ(web.resources.cpus, 0.5);
  EXPECT_EQ(web.resources.open_files, 1024);
  EXPECT_EQ(web.logs.max_bytes, 1 << 20);
  EXPECT_EQ(web.logs.files, 2);
  EXPECT_EQ(web.logs.max_age_days, 3);
  EXPECT_THAT(web.registration.tags, ElementsAre("a", "b"));
  EXPECT_THAT(web.registration.meta, ElementsAre(Pair("team", "x")));
  EXPECT_THAT(web.restart.success_codes, ElementsAre(0, 3, 143));
  EXPECT_THAT(web.build.value().inputs, ElementsAre("src/**"));
}

TEST_F(ClusterKeys, Probes) {
  const Service a = load(R"(services: {a: {command: [x], ports: {grpc: 1}, probes: {
    boot: {log: "^listening on [0-9]+"}, ready: {grpc: grpc, service: shop.Orders, successes: 2},
    live: {exec: [curl, "${port:grpc}"]}}}})")
                        .services.at("a");
  EXPECT_EQ(a.boot.value().kind, ProbeKind::log);
  EXPECT_EQ(a.boot.value().path, "^listening on [0-9]+");
  EXPECT_EQ(a.ready.value().kind, ProbeKind::grpc);
  EXPECT_EQ(a.ready.value().port, "grpc");
  EXPECT_EQ(a.ready.value().path, "shop.Orders");
  EXPECT_EQ(a.ready.value().successes, 2);
  EXPECT_EQ(a.live.value().kind, ProbeKind::exec);
  EXPECT_THAT(a.live.value().command, ElementsAre("curl", "${port:grpc}"));
  EXPECT_EQ(load("services: {a: {command: [x], probes: {ready: {notify: true}}}}").services.at("a").ready.value().kind,
            ProbeKind::notify);
}

TEST_F(ClusterKeys, ProbesThatCannotBe) {
  EXPECT_EQ(error(R"(services:
  a:
    command: [x]
    ports: {http: 1}
    probes:
      boot: {log: "a(b"}
      ready: {tcp: http, port: http, service: x}
      live: {log: x}
  b:
    command: [x]
    probes:
      boot: {exec: ["${port:nope}"]}
      ready: {grpc: grpc}
      live: {log: x, notify: true}
)"),
            "msctl.yaml:6: services.a.probes.boot.log: not a regular expression: missing ): a(b\n"
            "msctl.yaml:7: services.a.probes.ready.port: only an http probe has this key\n"
            "msctl.yaml:7: services.a.probes.ready.service: only a grpc probe has this key\n"
            "msctl.yaml:8: services.a.probes.live.log: written once, a line does not tell whether the service is still "
            "alive; ask by http, tcp, grpc, exec or notify\n"
            "msctl.yaml:13: services.b.probes.ready: it asks port \"grpc\", which is not among the service's ports\n"
            "msctl.yaml:14: services.b.probes.live: expected exactly one of http, tcp, grpc, exec, log and notify\n"
            "msctl.yaml:12: services.b.probes.boot.exec[0]: \"${port:nope}\": service \"b\" has no ports");
}

TEST_F(ClusterKeys, OverridingProbeOfAnotherKindKeepsItsTimes) {
  tree_.write("a/service.yaml",
              "{name: a, command: [x], ports: {http: 1, admin: 2},"
              " probes: {ready: {http: /r, port: admin, timeout_ms: 7}}}");
  const auto ready = [&](const char* probe) {
    return load(std::string("services: {a: {path: a, probes: {ready: ") + probe + "}}}").services.at("a").ready.value();
  };
  EXPECT_EQ(ready("{exec: [x]}").kind, ProbeKind::exec);
  EXPECT_EQ(ready("{exec: [x]}").timeout, Ms(7));
  EXPECT_EQ(ready("{http: /other}").port, "admin");
  EXPECT_EQ(ready("{failures: 9}").path, "/r");
}

TEST_F(ClusterKeys, OneSource) {
  const Cluster cluster = load(R"(services:
  redis: {image: "redis:7", command: [--port, "1"], ports: {client: 6379}}
  pay: {external: {url: "http://pay.example.org:80", health: /health}, ports: {http: 80}}
  db: {external: {url: "tcp://[::1]:5432"}}
  web: {command: [x], ports: {http: 80}, calls: {pay: {}, db: {}}}
)");
  EXPECT_EQ(cluster.services.at("redis").source, Source::image);
  EXPECT_EQ(cluster.services.at("redis").image, "redis:7");
  EXPECT_EQ(cluster.services.at("pay").source, Source::external);
  EXPECT_EQ(cluster.services.at("pay").external.value().health, "/health");
  EXPECT_EQ(cluster.services.at("web").source, Source::command);
  EXPECT_EQ(service_config(cluster, cluster.services.at("web"))["calls"]["db"]["address"], "[::1]:5432");
}

TEST_F(ClusterKeys, ACallGoesToThePortForRpcOrToHttpWhereThereIsNone) {
  const Cluster cluster = load(R"(services:
  bank: {command: [x], ports: {http: 8093}}
  users: {command: [x], ports: {http: 8081, grpc: 9081}}
  web: {command: [x], calls: {bank: {}, users: {}}}
)");
  const auto calls = service_config(cluster, cluster.services.at("web"))["calls"];
  EXPECT_EQ(calls["bank"]["address"], "127.0.0.1:8093");
  EXPECT_EQ(calls["users"]["address"], "127.0.0.1:9081");
}

TEST_F(ClusterKeys, SourcesThatCannotBe) {
  EXPECT_EQ(error(R"(services:
  a: {command: [x], external: {url: "tcp://b:1"}}
  b: {image: x, external: {url: "tcp://b:1"}}
  c: {external: {url: "tcp://b:0", health: /h}, ports: {http: 0}, replicas: 2}
  d: {image: x, sockets: [http], ports: {http: 0}, folder: y}
  e: {command: [x], sockets: [http, grpc, grpc], ports: {grpc: 0}}
  f: {command: [x], build: {inputs: [x]}, resources: {memory: 1B}}
)"),
            "msctl.yaml:2: services.a.external: it has a command as well; a service comes from one of command, image "
            "and external\n"
            "msctl.yaml:3: services.b.external: it has an image as well; a service comes from one of command, image "
            "and external\n"
            "msctl.yaml:4: services.c.external.url: expected a port from 1 to 65535\n"
            "msctl.yaml:4: services.c.external.health: only an http:// url can be asked for a path\n"
            "msctl.yaml:4: services.c.ports.http: a service that lives elsewhere cannot be given a free port\n"
            "msctl.yaml:4: services.c.replicas: has no meaning for a service that lives elsewhere (external)\n"
            "msctl.yaml:5: services.d.sockets: has no meaning for a service that runs from an image\n"
            "msctl.yaml:5: services.d.folder: has no meaning for a service that runs from an image\n"
            "msctl.yaml:6: services.e.sockets[0]: \"http\" is not among the service's ports\n"
            "msctl.yaml:6: services.e.sockets[2]: \"grpc\" occurs twice\n"
            "msctl.yaml:7: services.f.resources.memory: expected a size from 1K to 1024T, got \"1B\"\n"
            "msctl.yaml:7: services.f.build: expected the key \"command\" (a list of strings), which is missing");
}

TEST_F(ClusterKeys, ServiceOfAFolderMayLiveElsewhere) {
  tree_.write("a/service.yaml",
              "{name: a, command: [x], ports: {grpc: 1}, probes: {live: {tcp: grpc}}, calls: {b: {}}}");
  const Service a = load("services: {a: {path: a, external: {url: \"tcp://staging:9\"}}}").services.at("a");
  EXPECT_EQ(a.source, Source::external);
  EXPECT_FALSE(a.live);
  EXPECT_TRUE(a.calls.empty());
  const Service image =
      load("services: {b: {command: [x], ports: {grpc: 3}}, a: {path: a, image: x}}").services.at("a");
  EXPECT_TRUE(image.command.empty());
}

TEST_F(ClusterKeys, WhatDependentsDoOnACrash) {
  const Cluster cluster = load(R"(services:
  a: {command: [x]}
  b: {command: [x], depends_on: {a: {on_crash: hold}}}
  c: {command: [x], depends_on: {a: {condition: started, on_crash: restart}}}
  d: {command: [x], depends_on: {a: ready}}
)");
  EXPECT_EQ(cluster.services.at("b").depends_on.at(0).on_crash, OnCrash::hold);
  EXPECT_EQ(cluster.services.at("c").depends_on.at(0).on_crash, OnCrash::restart);
  EXPECT_EQ(cluster.services.at("d").depends_on.at(0).on_crash, OnCrash::ignore);
}

TEST_F(ClusterKeys, Registry) {
  EXPECT_FALSE(load("services: {}").registry.port_given);
  const Registry registry = load("{registry: {port: 9500, enabled: false}, services: {}}").registry;
  EXPECT_EQ(registry.port, 9500);
  EXPECT_TRUE(registry.port_given);
  EXPECT_FALSE(registry.enabled);
}

}  // namespace
}  // namespace spec
