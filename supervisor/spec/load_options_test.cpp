// Several files, profiles, env files, copies of a cluster.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "supervisor/spec/load.hpp"
#include "supervisor/spec/temp_tree.hpp"

namespace spec {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class Options : public testing::Test {
 protected:
  Cluster load() {
    auto loaded = load_cluster(options_);
    EXPECT_TRUE(loaded) << loaded.error().message;
    return loaded ? std::move(loaded).value() : Cluster{};
  }
  std::string error() {
    auto loaded = load_cluster(options_);
    EXPECT_FALSE(loaded);
    return loaded ? "" : loaded.error().message;
  }
  void file(const std::string& name, const std::string& text) { options_.files.push_back(tree_.write(name, text)); }

  TempTree tree_;
  LoadOptions options_;
};

TEST_F(Options, LaterFilesLieOverEarlierOnes) {
  tree_.write("a/service.yaml", "{name: a, command: [own], env: {A: own, B: own, C: own}, ports: {http: 1}}");
  file("msctl.yaml", R"(
services:
  a: {path: a, env: {B: first, C: first}}
  b: {external: {url: "tcp://x:1"}}
try_this: [one, two]
)");
  file("over/dev.yaml", R"(
broker: b
services:
  a: {env: {C: second}, ports: {grpc: 2}}
  b: {command: [d], ports: {client: 3}}
  c: {command: [new]}
try_this: [three]
)");
  const Cluster cluster = load();
  EXPECT_EQ(cluster.root, tree_.root());
  EXPECT_EQ(cluster.broker, "b");
  EXPECT_THAT(cluster.services.at("a").env, ElementsAre(Pair("A", "own"), Pair("B", "first"), Pair("C", "second")));
  EXPECT_THAT(cluster.services.at("a").ports, ElementsAre(Pair("grpc", 2), Pair("http", 1)));
  EXPECT_THAT(cluster.services.at("b").command, ElementsAre("d"));
  EXPECT_EQ(cluster.services.at("b").source, Source::command);
  EXPECT_TRUE(cluster.services.contains("c"));
  EXPECT_THAT(cluster.try_this, ElementsAre("three"));
  EXPECT_THAT(cluster.files, ElementsAre(tree_.root() / "msctl.yaml", tree_.root() / "over/dev.yaml",
                                         tree_.root() / "a/service.yaml"));
}

TEST_F(Options, MistakesNameTheFileThatHasThem) {
  file("msctl.yaml", "services:\n  a: {command: [x], ports: {http: 1}}\n");
  file("dev.yaml", "services:\n  a:\n    probes: {ready: {tcp: grpc}}\n  b: {comand: [x]}\n");
  EXPECT_EQ(error(), "dev.yaml:4: services.b: unknown key \"comand\"; did you mean \"command\"?");
  tree_.write("dev.yaml", "services:\n  a:\n    probes: {ready: {tcp: grpc}}\n  b: {env: {}}\n");
  EXPECT_EQ(error(),
            "dev.yaml:3: services.a.probes.ready: it asks port \"grpc\", which is not among the service's ports\n"
            "dev.yaml:4: services.b: expected a command, an image or external, or a path to a folder with a "
            "service.yaml");
  options_.files.push_back(tree_.root() / "gone.yaml");
  EXPECT_EQ(error(), "gone.yaml: no such file");
  options_.files.clear();
  EXPECT_EQ(error(), "no cluster file is given");
}

TEST_F(Options, CommandsMustNotTakeReservedNames) {
  file("msctl.yaml", "services: {}\ncommands:\n  ps: {command: [x]}\n  own: {command: [x]}\n");
  EXPECT_EQ(load().commands.size(), 2U);
  options_.reserved = {"up", "ps"};
  EXPECT_EQ(error(), "msctl.yaml:3: commands.ps: `msctl ps` is a command of msctl itself; give this one another name");
}

TEST_F(Options, AMistakeInAnEnvFileOfManyServicesIsToldOnce) {
  tree_.write(".env", "no value\n");
  file("msctl.yaml", "services:\n  a: {command: [x], env_files: [.env]}\n  b: {command: [x], env_files: [.env]}\n");
  EXPECT_EQ(error(), ".env:1: expected NAME=value");
}

constexpr const char* with_profiles = R"(services:
  web: {command: [x]}
  debug: {command: [x], profiles: [dev, test], depends_on: {web: ready}}
  load: {command: [x], profiles: [load], depends_on: {debug: {required: false}}}
)";

TEST_F(Options, ProfilesChoose) {
  file("msctl.yaml", with_profiles);
  EXPECT_EQ(load().services.size(), 1U);
  EXPECT_THAT(load().left_out,
              ElementsAre(Pair("debug", ElementsAre("dev", "test")), Pair("load", ElementsAre("load"))));
  options_.profiles = {"test"};
  EXPECT_TRUE(load().services.contains("debug"));
  EXPECT_FALSE(load().services.contains("load"));
  options_.profiles = {"load"};
  EXPECT_THAT(load().services.at("load").depends_on, IsEmpty());
  options_.profiles = {"load", "dev"};
  EXPECT_EQ(load().services.at("load").depends_on.size(), 1U);
  options_.profiles = {"laod"};
  EXPECT_EQ(error(), "--profile: no service is in profile \"laod\"; did you mean \"load\"?");
}

TEST_F(Options, FileMayChooseProfiles) {
  file("msctl.yaml", std::string("profiles: [dev]\n") + with_profiles);
  EXPECT_TRUE(load().services.contains("debug"));
  options_.profiles = {"load"};
  EXPECT_FALSE(load().services.contains("debug"));
  tree_.write("msctl.yaml", std::string("profiles: [dve]\n") + with_profiles);
  options_.profiles.clear();
  EXPECT_EQ(error(), "msctl.yaml:1: profiles[0]: no service is in profile \"dve\"; did you mean \"dev\"?");
}

TEST_F(Options, WhatIsNeededMustBeChosen) {
  file("msctl.yaml", R"(broker: nats
services:
  nats: {command: [x], ports: {client: 1}, profiles: [events]}
  users: {command: [x], ports: {grpc: 2}, profiles: [full, users]}
  a: {command: [x], depends_on: {users: ready}}
  b: {command: [x], calls: {users: {}}}
  c: {command: [x], publishes: [x]}
  d: {command: [x], calls: {users: {}}, depends_on: {users: {required: false}, nats: {required: false}}}
)");
  EXPECT_EQ(error(),
            "msctl.yaml:5: services.a.depends_on.users: needed, but only there with profile full or users; add "
            "--profile full\n"
            "msctl.yaml:6: services.b.calls.users: needed, but only there with profile full or users; add --profile "
            "full\n"
            "msctl.yaml:7: services.c.publishes: the broker \"nats\" is needed, but only there with profile events; "
            "add --profile events");
  options_.profiles = {"users", "events"};
  EXPECT_EQ(load().services.size(), 6U);
  EXPECT_EQ(load().services.at("d").calls.size(), 1U);
}

TEST_F(Options, CopiesHavePortsAndStateOfTheirOwn) {
  file("msctl.yaml", R"(
registry: {port: 9500}
services:
  a: {command: [x], ports: {http: 80, grpc: 0}}
  b: {external: {url: "http://x:80"}, ports: {http: 80}}
)");
  options_.project = "two";
  const Cluster copy = load();
  EXPECT_EQ(copy.project, "two");
  EXPECT_EQ(copy.state, tree_.root() / ".msctl/projects/two");
  EXPECT_THAT(copy.services.at("a").ports, ElementsAre(Pair("grpc", 0), Pair("http", 0)));
  EXPECT_THAT(copy.services.at("b").ports, ElementsAre(Pair("http", 80)));
  EXPECT_FALSE(copy.registry.port_given);
  for (const char* bad : {"Two", "../x", "-a", "a-", "a.b"}) {
    options_.project = bad;
    EXPECT_EQ(error(), std::string("--project: expected a name of a-z, 0-9 and - (a DNS label of at most 63), got \"") +
                           bad + "\"");
  }
}

TEST_F(Options, EnvFiles) {
  tree_.write("a/service.yaml", "{name: a, command: [x], env_files: [own.env], env: {A: own, E: \"${env:X}\"}}");
  tree_.write("a/own.env", "A=file\nB=${literal}\nC=$x$${y}\n");
  tree_.write("over.env", "B=over\nD=4\n");
  tree_.write(".env", "X=1\nY=1\n");
  file("msctl.yaml", "env_files: [.env]\nservices:\n  a: {path: a}\n");
  options_.env_files = {tree_.write("more.env", "Y=2\n")};
  const Cluster cluster = load();
  EXPECT_THAT(cluster.env, ElementsAre(Pair("X", "1"), Pair("Y", "2")));
  const auto& env = cluster.services.at("a").env;
  EXPECT_EQ(env.at("A"), "own");
  EXPECT_EQ(resolve(cluster, "a", env.at("B")).value(), "${literal}");
  EXPECT_EQ(resolve(cluster, "a", env.at("C")).value(), "$x$${y}");
  EXPECT_EQ(resolve(cluster, "a", env.at("E")).value(), "1");
}

TEST_F(Options, EnvFilesThatCannotBe) {
  tree_.write("a/service.yaml", "name: a\ncommand: [x]\nenv_files: [own.env]\n");
  tree_.write("a/own.env", "A=1\n?=2\n");
  file("msctl.yaml", "env_files: [gone.env]\nservices:\n  a: {path: a}\n  b: {command: [x], env_files: [b.env]}\n");
  const auto secret = tree_.write("b.env", "A=1\nB_TOKEN=x\n");
  ::chmod(secret.c_str(), 0644);
  options_.env_files = {tree_.root() / "nope.env"};
  EXPECT_EQ(error(),
            "msctl.yaml:1: env_files[0]: gone.env: no such file\n"
            "--env-file: nope.env: no such file\n"
            "a/own.env:2: expected a name of letters, digits and _ before the =, got \"?\"\n"
            "b.env:2: B_TOKEN: b.env holds a secret and is open to other users (mode 0644); close it: chmod 600 b.env");
}

TEST_F(Options, EnvironmentIsCheckedApart) {
  tree_.write("secrets/db", "x\n");
  ::chmod((tree_.root() / "secrets/db").c_str(), 0604);
  tree_.write("notes", "y\n");
  ::chmod((tree_.root() / "notes").c_str(), 0644);
  file("msctl.yaml", R"(services:
  a:
    command: [x, "${env:MSCTL_TEST_UNSET}", "${env:MSCTL_TEST_UNSET:-d}"]
    env: {DB_PASSWORD: "${file:secrets/db}", NOTES: "${file:notes}", GONE: "${file:gone}"}
  b: {command: [x], env: {OK: "${env:GIVEN}"}, probes: {ready: {exec: ["${env:MSCTL_TEST_UNSET}"]}}}
  c: {command: [x], env: {OK: "${env:GIVEN}"}}
)");
  options_.env_files = {tree_.write("x.env", "GIVEN=1\n")};
  const Cluster cluster = load();
  EXPECT_EQ(check_environment(cluster).error().message,
            "msctl.yaml:3: services.a.command[1]: \"${env:MSCTL_TEST_UNSET}\": the variable is not set; give it a "
            "default as ${env:MSCTL_TEST_UNSET:-default}\n"
            "msctl.yaml:4: services.a.env.DB_PASSWORD: secrets/db holds a secret and is open to other users (mode "
            "0604); close it: chmod 600 secrets/db\n"
            "msctl.yaml:4: services.a.env.GONE: \"${file:gone}\": gone: no such file\n"
            "msctl.yaml:5: services.b.probes.ready.exec[0]: \"${env:MSCTL_TEST_UNSET}\": the variable is not set; give "
            "it a default as ${env:MSCTL_TEST_UNSET:-default}");
  EXPECT_TRUE(check_environment(cluster, {"c"}));
  EXPECT_EQ(resolve(cluster, "a", "${file:secrets/db}").value(), "x");
}

}  // namespace
}  // namespace spec
