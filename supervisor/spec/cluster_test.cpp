#include "supervisor/spec/cluster.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "supervisor/spec/load.hpp"
#include "supervisor/spec/temp_tree.hpp"

namespace spec {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

MATCHER_P3(DependsOn, service, condition, required, "") {
  return arg.service == service && arg.condition == condition && arg.required == required;
}

class ClusterFile : public testing::Test {
 protected:
  Cluster load(const std::string& text) {
    auto cluster = load_cluster_with(tree_.write("msctl.yaml", text), "/opt/bin");
    EXPECT_TRUE(cluster) << cluster.error().message;
    return cluster ? std::move(cluster).value() : Cluster{};
  }

  TempTree tree_;
};

TEST_F(ClusterFile, SmallestIsComplete) {
  const Cluster cluster = load(R"(services: {web: {command: ["/usr/bin/python3", "-m", "http.server", "9000"]}})");
  const Service& web = cluster.services.at("web");
  EXPECT_THAT(web.command, ElementsAre("/usr/bin/python3", "-m", "http.server", "9000"));
  EXPECT_EQ(web.name, "web");
  EXPECT_EQ(web.folder, tree_.root());
  EXPECT_FALSE(web.ready);
  EXPECT_THAT(web.ports, IsEmpty());
  EXPECT_THAT(web.depends_on, IsEmpty());
  EXPECT_EQ(cluster.root, tree_.root());
  EXPECT_EQ(cluster.state, tree_.root() / ".msctl");
  EXPECT_EQ(cluster.bin, "/opt/bin");
}

TEST_F(ClusterFile, NameIsTheFoldersAsALabel) {
  const auto file = tree_.write("My Shop_2/msctl.yaml", "services: {}");
  EXPECT_EQ(load_cluster(file).value().name, "my-shop-2");
  const auto named = tree_.write("x/msctl.yaml", "{name: shop, services: {}}");
  EXPECT_EQ(load_cluster(named).value().name, "shop");
  EXPECT_EQ(load_cluster(tree_.write("___/msctl.yaml", "services: {}")).value().name, "cluster");
}

constexpr const char* whole_service = R"(format: 1
name: orders
version: "1.2.0"
command: ["${dir:bin}/orders", --fast]
env: {MODE: "${env:MODE:-dev}"}
ports: {http: 8082, grpc: 9082, admin: 0}
database: sqlite
publishes: [order.placed]
consumes: [user.created]
calls: {users: {timeout_ms: 1500}}
routes:
  - {prefix: /api/v1/orders, to: /v1/orders}
depends_on: {cache: started, warm: {condition: completed, required: false}}
probes:
  ready: {http: /ready, port: admin, interval_ms: 1, timeout_ms: 2, failures: 3, start_period_ms: 4}
  live: {tcp: grpc}
restart: {policy: always, first_ms: 5, cap_ms: 6, stable_ms: 7, limit: 8}
limits: {body_bytes: 9, connections: 10}
stop_grace_ms: 11
build: {command: [make, orders]}
)";

constexpr const char* whole_cluster = R"(version: 1
broker: nats
services:
  nats: {command: [nats-server, "${port:client}"], ports: {client: 4322}}
  cache: {command: [cache]}
  warm: {command: [warm]}
  users: {command: [users], ports: {grpc: 9081}}
  orders: {path: services/orders}
  gateway: {command: [gateway], gateway: true}
commands: {order-demo: {command: [docs/demo.py, "${port:orders.http}"], help: places an order}}
try_this: ["curl 127.0.0.1:${port:orders.http}"]
)";

TEST_F(ClusterFile, TheKindOfBrokerFollowsFromItsProgramOrIsNamed) {
  const auto kind = [&](const std::string& command, const std::string& more) {
    return load("broker: b\nservices: {b: {command: [" + command + "], ports: {client: 1}}}\n" + more).broker_kind;
  };
  EXPECT_EQ(kind("nats-server", ""), "nats");
  EXPECT_EQ(kind("redis-server", ""), "redis");
  EXPECT_EQ(kind("/usr/bin/redis-server, --port", ""), "redis");
  EXPECT_EQ(kind("start.sh", ""), "nats");
  EXPECT_EQ(kind("start.sh", "broker_kind: redis\n"), "redis");
  EXPECT_EQ(load("services: {a: {external: {url: \"tcp://h:1\"}}}\nbroker: a\nbroker_kind: redis\n").broker_kind,
            "redis");
}

TEST_F(ClusterFile, EveryKeyArrives) {
  tree_.write("services/orders/service.yaml", whole_service);
  const Cluster cluster = load(whole_cluster);
  const Service& orders = cluster.services.at("orders");
  EXPECT_EQ(orders.version, "1.2.0");
  EXPECT_EQ(orders.folder, tree_.root() / "services/orders");
  EXPECT_THAT(orders.command, ElementsAre("${dir:bin}/orders", "--fast"));
  EXPECT_EQ(orders.env.at("MODE"), "${env:MODE:-dev}");
  EXPECT_EQ(orders.ports.at("grpc"), 9082);
  EXPECT_EQ(orders.ports.at("admin"), 0);
  EXPECT_EQ(orders.database, "sqlite");
  EXPECT_THAT(orders.publishes, ElementsAre("order.placed"));
  EXPECT_THAT(orders.consumes, ElementsAre("user.created"));
  EXPECT_EQ(orders.calls.at(0).service, "users");
  EXPECT_EQ(orders.calls.at(0).timeout, Ms(1500));
  EXPECT_EQ(orders.routes.at(0).prefix, "/api/v1/orders");
  EXPECT_EQ(orders.routes.at(0).to, "/v1/orders");
  EXPECT_EQ(orders.routes.at(0).service, "orders");
  EXPECT_EQ(orders.restart.policy, RestartPolicy::always);
  EXPECT_EQ(orders.restart.first, Ms(5));
  EXPECT_EQ(orders.restart.cap, Ms(6));
  EXPECT_EQ(orders.restart.stable, Ms(7));
  EXPECT_EQ(orders.restart.limit, 8);
  EXPECT_EQ(orders.limits.body_bytes, 9);
  EXPECT_EQ(orders.limits.connections, 10);
  EXPECT_EQ(orders.stop_grace, Ms(11));
  EXPECT_THAT(orders.build.value().command, ElementsAre("make", "orders"));
  EXPECT_EQ(cluster.commands.at("order-demo").help, "places an order");
  EXPECT_THAT(cluster.try_this, ElementsAre("curl 127.0.0.1:${port:orders.http}"));
}

TEST_F(ClusterFile, Probes) {
  tree_.write("services/orders/service.yaml", whole_service);
  const Service orders = load(whole_cluster).services.at("orders");
  const Probe& ready = orders.ready.value();
  EXPECT_EQ(ready.kind, ProbeKind::http);
  EXPECT_EQ(ready.path, "/ready");
  EXPECT_EQ(ready.port, "admin");
  EXPECT_EQ(ready.interval, Ms(1));
  EXPECT_EQ(ready.timeout, Ms(2));
  EXPECT_EQ(ready.failures, 3);
  EXPECT_EQ(ready.start_period, Ms(4));
  EXPECT_EQ(orders.live.value().kind, ProbeKind::tcp);
  EXPECT_EQ(orders.live.value().port, "grpc");
}

TEST_F(ClusterFile, DependenciesThatFollow) {
  tree_.write("services/orders/service.yaml", whole_service);
  const Cluster cluster = load(whole_cluster);
  EXPECT_THAT(cluster.services.at("orders").depends_on,
              ElementsAre(DependsOn("cache", Condition::started, true), DependsOn("warm", Condition::completed, false),
                          DependsOn("users", Condition::ready, true), DependsOn("nats", Condition::ready, true)));
  EXPECT_THAT(cluster.services.at("gateway").depends_on, ElementsAre(DependsOn("orders", Condition::started, false)));
  EXPECT_THAT(cluster.services.at("users").depends_on, IsEmpty());
}

TEST_F(ClusterFile, ExplicitDependencyWins) {
  const Cluster cluster = load(R"(
services:
  users: {command: [users], ports: {grpc: 9081}}
  orders: {command: [orders], calls: {users: {}}, depends_on: {users: {condition: started, required: false}}}
)");
  EXPECT_THAT(cluster.services.at("orders").depends_on, ElementsAre(DependsOn("users", Condition::started, false)));
  EXPECT_EQ(cluster.services.at("orders").calls.at(0).timeout, Ms(5000));
}

TEST_F(ClusterFile, EntryOverridesItsServiceFile) {
  tree_.write("users/service.yaml", R"(
name: users
command: [users, --slow]
ports: {http: 8081, grpc: 9081}
probes: {ready: {http: /ready, timeout_ms: 5}}
)");
  const Service users = load(R"(
services:
  users: {path: users, command: [other], ports: {http: 0}, probes: {ready: {tcp: grpc}}}
)")
                            .services.at("users");
  EXPECT_THAT(users.command, ElementsAre("other"));
  EXPECT_EQ(users.ports.at("http"), 0);
  EXPECT_EQ(users.ports.at("grpc"), 9081);
  EXPECT_EQ(users.ready.value().kind, ProbeKind::tcp);
  EXPECT_EQ(users.ready.value().timeout, Ms(5));
}

TEST_F(ClusterFile, ServiceFolderMayLieOutside) {
  tree_.write("pay/service.yaml", "{name: pay, command: [./run]}");
  const auto file = tree_.write("shop/msctl.yaml", "services: {pay: {path: ../pay}}");
  EXPECT_EQ(load_cluster(file).value().services.at("pay").folder, tree_.root() / "pay");
}

TEST_F(ClusterFile, OnlyRegularFilesAreRead) {
  ASSERT_EQ(::mkfifo((tree_.root() / "msctl.yaml").c_str(), 0600), 0);
  EXPECT_EQ(load_cluster(tree_.root() / "msctl.yaml").error().message, "msctl.yaml: not a file");
  EXPECT_EQ(load_cluster(tree_.root() / "none.yaml").error().code, base::ErrorCode::not_found);
  EXPECT_EQ(load_cluster(tree_.root() / "no/folder/msctl.yaml").error().code, base::ErrorCode::not_found);
}

TEST_F(ClusterFile, FoundInTheNearestFolderAbove) {
  const auto outer = tree_.write("msctl.yaml", "services: {}");
  const auto inner = tree_.write("a/msctl.yaml", "services: {}");
  std::filesystem::create_directories(tree_.root() / "a/b/c");
  std::filesystem::create_directories(tree_.root() / "d/msctl.yaml");
  EXPECT_EQ(find_cluster_file(tree_.root() / "a/b/c").value(), inner);
  EXPECT_EQ(find_cluster_file(tree_.root() / "a").value(), inner);
  EXPECT_EQ(find_cluster_file(tree_.root() / "d").value(), outer);
}

// The examples of docs/cluster-file.md: the smallest file, then a cluster and one of its services, then PostgreSQL.
TEST_F(ClusterFile, DocumentedExamplesLoad) {
  std::ifstream stream(MSCTL_SOURCE_DIR "/docs/cluster-file.md");
  std::vector<std::string> blocks;
  bool is_inside = false;
  for (std::string line; std::getline(stream, line);) {
    if (line == "```yaml") blocks.emplace_back();
    if (is_inside && line != "```") blocks.back() += line + "\n";
    is_inside = line == "```yaml" || (is_inside && line != "```");
  }
  ASSERT_EQ(blocks.size(), 4U);
  EXPECT_EQ(load(blocks[0]).services.size(), 1U);
  tree_.write("services/user/service.yaml", "{name: user-service, command: [x], ports: {http: 8081, grpc: 9081}}");
  tree_.write("services/order/service.yaml", blocks[2]);
  const Cluster cluster = load(blocks[1]);
  EXPECT_EQ(cluster.services.at("order-service").ports.at("http"), 8092);
  EXPECT_EQ(cluster.services.at("order-service").version, "0.1.0");
  EXPECT_TRUE(load(blocks[3]).services.contains("postgres-databases"));
}

TEST_F(ClusterFile, NotFoundNamesTheNextStep) {
  const auto missing = find_cluster_file("/proc/self");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, base::ErrorCode::not_found);
  EXPECT_THAT(missing.error().message, testing::StartsWith("no msctl.yaml in /proc/self or in a folder above it;"));
}

}  // namespace
}  // namespace spec
