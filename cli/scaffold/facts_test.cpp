#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "cli/scaffold/variables.hpp"

namespace scaffold {
namespace {

namespace fs = std::filesystem;

class FactsTest : public testing::Test {
 protected:
  FactsTest() {
    char pattern[] = "/tmp/msctl-facts-XXXXXX";
    root = ::mkdtemp(pattern);
    cluster.root = root;
  }
  ~FactsTest() override { fs::remove_all(root); }

  void add(const std::string& name, const std::string& folder, const std::string& client) {
    spec::Service service;
    service.name = name;
    service.home = root / folder;
    fs::create_directories(service.home / "proto");
    if (!client.empty()) std::ofstream(service.home / "proto/client.hpp") << client;
    cluster.services[name] = service;
  }

  fs::path root;
  spec::Cluster cluster;
};

TEST_F(FactsTest, knows_clients_and_whether_they_answer_a_ping) {
  const std::string connect = "base::Result<X> connect(chassis::Environment& env);\n";
  add("user", "services/user", "namespace user_service::client {\n  Task ping(base::Monotonic d);\n" + connect + "}\n");
  add("order", "services/order", "// of a namespace\nnamespace order_service::client {\n" + connect + "}\n");
  add("other", "services/other", "namespace other_service {\n" + connect + "}\n");
  add("empty", "services/empty", "namespace empty_service::client {}\n");
  add("odd", "services/o\"dd", "namespace odd_service::client {\n" + connect + "}\n");
  add("elsewhere", "more/elsewhere", "namespace elsewhere_service::client {\n" + connect + "}\n");
  add("none", "services/none", "");
  const auto facts = read_facts(cluster);
  ASSERT_EQ(facts.clients.size(), 2U);
  EXPECT_EQ(facts.clients.at("user").cpp_namespace, "user_service");
  EXPECT_TRUE(facts.clients.at("user").has_ping);
  EXPECT_FALSE(facts.clients.at("order").has_ping);
  EXPECT_EQ(facts.services.size(), 7U);
}

TEST_F(FactsTest, knows_the_schemas_of_what_is_published) {
  add("order", "services/order", "");
  add("shop", "services/shop", "");
  cluster.services["order"].publishes = {"order.placed"};
  cluster.services["shop"].publishes = {"thing.made", "order.placed"};
  const auto write = [&](const std::string& file, const std::string& id) {
    fs::create_directories((root / file).parent_path());
    std::ofstream(root / file) << R"({"$id": ")" << id << R"("})";
  };
  write("services/order/events/order.placed.v2.schema.json", "urn:msctl:event:order.placed:2");
  write("services/order/events/order.placed.v1.schema.json", "urn:msctl:event:order.placed:1");
  write("services/order/events/order.lost.v1.schema.json", "urn:msctl:event:order.lost:1");
  write("services/order/events/notes.json", "urn:msctl:event:order.placed:3");
  write("services/order/events/broken.schema.json", "urn:x");
  const auto facts = read_facts(cluster);
  ASSERT_EQ(facts.schemas.size(), 1U) << "what nobody says to publish counts for nothing";
  ASSERT_EQ(facts.schemas.at("order.placed").size(), 2U);
  EXPECT_EQ(facts.schemas.at("order.placed")[0].version, 1);
  EXPECT_EQ(facts.publishers.at("thing.made"), std::vector<std::string>{"shop"});
  EXPECT_EQ(facts.publishers.at("order.placed"), (std::vector<std::string>{"order", "shop"}));
}

TEST_F(FactsTest, knows_ports_the_gateway_and_how_to_call_msctl) {
  add("gateway", "services/gateway", "");
  cluster.services["gateway"].gateway = true;
  cluster.services["gateway"].ports = {{"http", 8080}, {"admin", 0}};
  auto facts = read_facts(cluster);
  EXPECT_EQ(facts.edge, "http://127.0.0.1:8080");
  EXPECT_EQ(facts.ports, std::set<std::uint16_t>{8080});
  EXPECT_EQ(facts.command, "msctl");
  EXPECT_FALSE(facts.has_broker || facts.has_chassis);
  std::ofstream(root / "msctl") << "#!/bin/sh\n";
  fs::create_directories(root / "services/chassis");
  cluster.broker = "nats";
  facts = read_facts(cluster);
  EXPECT_EQ(facts.command, "./msctl");
  EXPECT_TRUE(facts.has_broker && facts.has_chassis);
}

}  // namespace
}  // namespace scaffold
