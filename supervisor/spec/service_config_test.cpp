#include <gmock/gmock.h>

#include "supervisor/spec/cluster.hpp"

namespace spec {
namespace {

using base::Json;

Cluster shop() {
  Cluster cluster;
  cluster.state = "/w/.msctl";
  cluster.broker = "nats";
  cluster.services["nats"].name = "nats";
  cluster.services["nats"].ports = {{"client", 4322}};
  Service users;
  users.name = "users";
  users.ports = {{"http", 8081}, {"grpc", 9081}};
  users.routes = {{"/api/users", "/users", "users"}, {"/api/v1/users", "/v1/users", "users"}};
  cluster.services["users"] = users;
  Service orders;
  orders.name = orders.instance = "orders";
  orders.version = "0.1.0";
  orders.database = "sqlite";
  orders.publishes = {"order.placed"};
  orders.ports = {{"http", 8082}};
  orders.calls = {{"users", Ms(1500)}};
  orders.routes = {{"/api/v1/orders", "/v1/orders", "orders"}};
  cluster.services["orders"] = orders;
  Service gateway;
  gateway.name = "gateway";
  gateway.ports = {{"http", 8080}};
  gateway.gateway = true;
  cluster.services["gateway"] = gateway;
  return cluster;
}

TEST(ServiceConfig, NamesTheBrokersKind) {
  Cluster cluster = shop();
  cluster.broker_kind = "redis";
  EXPECT_EQ(service_config(cluster, cluster.services.at("orders"))["broker"]["url"], "redis://127.0.0.1:4322");
}

TEST(ServiceConfig, OfAServiceWithEverything) {
  const Cluster cluster = shop();
  EXPECT_EQ(service_config(cluster, cluster.services.at("orders")), Json::parse(R"({
    "service": {"name": "orders", "version": "0.1.0", "instance": "orders"},
    "bind": "127.0.0.1",
    "ports": {"http": 8082},
    "database": {"url": "sqlite:/w/.msctl/data/orders/orders.db"},
    "broker": {"url": "nats://127.0.0.1:4322"},
    "calls": {"users": {"address": "127.0.0.1:9081", "timeout_ms": 1500}},
    "discovery": {"driver": "consul", "address": "127.0.0.1:8500"},
    "limits": {"body_bytes": 1048576, "connections": 1024},
    "stop_grace_ms": 10000
  })"));
}

TEST(ServiceConfig, NamesWhoPublishesWhatIsConsumed) {
  Cluster cluster = shop();
  auto& users = cluster.services.at("users");
  users.consumes = {"order.placed", "order.lost"};
  EXPECT_EQ(service_config(cluster, users)["consumes"],
            Json::parse(R"({"order.placed": ["orders"], "order.lost": []})"));
  EXPECT_EQ(service_config(cluster, users)["service"]["version"], "0.0.0") << "the chassis wants one";
}

TEST(ServiceConfig, WhatAServiceDoesNotUseIsAbsent) {
  const Cluster cluster = shop();
  const Json users = service_config(cluster, cluster.services.at("users"));
  EXPECT_FALSE(users.contains("database"));
  EXPECT_FALSE(users.contains("broker"));
  EXPECT_FALSE(users.contains("routes"));
  EXPECT_EQ(users["calls"], Json::object());
}

TEST(ServiceConfig, GatewayGetsAllRoutesLongestFirst) {
  const Cluster cluster = shop();
  EXPECT_EQ(service_config(cluster, cluster.services.at("gateway"))["routes"], Json::parse(R"([
    {"prefix": "/api/v1/orders", "to": "/v1/orders", "service": "orders", "address": "127.0.0.1:8082"},
    {"prefix": "/api/v1/users", "to": "/v1/users", "service": "users", "address": "127.0.0.1:8081"},
    {"prefix": "/api/users", "to": "/users", "service": "users", "address": "127.0.0.1:8081"}
  ])"));
}

}  // namespace
}  // namespace spec
