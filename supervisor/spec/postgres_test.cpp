// `database: postgres` and the service that is PostgreSQL: the job that makes the databases, and what services are
// told.
#include <gmock/gmock.h>

#include "supervisor/spec/cluster.hpp"
#include "supervisor/spec/temp_tree.hpp"

namespace spec {
namespace {

using ::testing::ElementsAre;

class PostgresTest : public ::testing::Test {
 protected:
  base::Result<Cluster> load(const std::string& text) { return load_cluster(tree_.write("msctl.yaml", text)); }
  std::string error(const std::string& text) {
    const auto loaded = load(text);
    return loaded ? "" : loaded.error().message;
  }

  TempTree tree_;
};

constexpr auto shop = R"(postgres: db
services:
  db: {command: [pg], ports: {client: 5433}}
  users: {command: [u], database: postgres}
  orders: {command: [o], database: postgres}
  web: {command: [w], database: sqlite}
)";

TEST_F(PostgresTest, AJobMakesTheDatabasesBeforeTheirOwnersStart) {
  const auto loaded = load(shop);
  ASSERT_TRUE(loaded) << loaded.error().message;
  const Cluster& cluster = loaded.value();
  const Service& job = cluster.services.at("db-databases");
  EXPECT_THAT(job.command, ElementsAre("${dir:bin}/msctl-postgres", "databases", "127.0.0.1:${port:db.client}",
                                       "${dir:state}/postgres", "orders", "users"));
  EXPECT_EQ(resolve(cluster, "db-databases", job.command[2]).value(), "127.0.0.1:5433");
  ASSERT_EQ(job.depends_on.size(), 1U);
  EXPECT_EQ(job.depends_on[0].service, "db");
  EXPECT_EQ(job.depends_on[0].condition, Condition::ready);
  const auto& of_users = cluster.services.at("users").depends_on;
  ASSERT_EQ(of_users.size(), 1U);
  EXPECT_EQ(of_users[0].service, "db-databases");
  EXPECT_EQ(of_users[0].condition, Condition::completed);
  EXPECT_TRUE(cluster.services.at("web").depends_on.empty());
}

TEST_F(PostgresTest, AServiceIsToldItsDatabaseAndWhereItsPasswordIs) {
  auto loaded = load(shop);
  ASSERT_TRUE(loaded) << loaded.error().message;
  Cluster& cluster = loaded.value();
  cluster.state = "/a b/50%/.msctl";
  EXPECT_EQ(service_config(cluster, instance_of(cluster.services.at("users"), 2))["database"]["url"],
            "postgres://users@127.0.0.1:5433/users?passfile=/a%20b/50%25/.msctl/postgres/users.pgpass"
            "&application_name=users.2");
}

TEST_F(PostgresTest, TheServerMayLiveElsewhere) {
  const auto loaded = load(R"(postgres: db
services:
  db: {external: {url: "tcp://db.example:5432"}}
  users: {command: [u], database: postgres}
)");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded.value().services.at("db-databases").command[2], "db.example:5432");
  EXPECT_THAT(service_config(loaded.value(), loaded.value().services.at("users"))["database"]["url"].get<std::string>(),
              ::testing::StartsWith("postgres://users@db.example:5432/users?"));
}

TEST_F(PostgresTest, AServiceOfTheJobsNameTakesItsPlace) {
  const auto loaded = load(std::string(shop) + "  db-databases: {command: [mine]}\n");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_THAT(loaded.value().services.at("db-databases").command, ElementsAre("mine"));
  EXPECT_EQ(loaded.value().services.at("users").depends_on[0].service, "db-databases");
}

TEST_F(PostgresTest, NobodyNeedsItWithoutADatabase) {
  const auto loaded = load("postgres: db\nservices: {db: {command: [pg], ports: {client: 5433}}}");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded.value().services.size(), 1U);
}

TEST_F(PostgresTest, SaysWhatIsMissing) {
  EXPECT_EQ(
      error("services: {a: {command: [x], database: postgres}}"),
      "msctl.yaml:1: services.a.database: needs PostgreSQL; name the service that is it as `postgres` in msctl.yaml");
  EXPECT_EQ(error("{postgres: bd, services: {db: {command: [x], ports: {client: 1}}}}"),
            "msctl.yaml:1: postgres: no service is named \"bd\"; did you mean \"db\"?");
  EXPECT_EQ(error("{postgres: db, services: {db: {command: [x]}}}"),
            "msctl.yaml:1: postgres: service \"db\" has no port named \"client\"");
  EXPECT_EQ(error(R"({postgres: db, services: {
    db: {command: [x], ports: {client: 1}, profiles: [pg]}, a: {command: [x], database: postgres}}})"),
            "msctl.yaml:2: services.a.database: the PostgreSQL \"db\" is needed, but only there with profile pg; add "
            "--profile pg");
}

}  // namespace
}  // namespace spec
