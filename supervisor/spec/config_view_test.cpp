#include "supervisor/spec/config_view.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "supervisor/spec/mask.hpp"
#include "supervisor/spec/temp_tree.hpp"

namespace spec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ConfigViews : public testing::Test {
 protected:
  ConfigView view(const std::vector<std::string>& services = {}, const RememberedPorts& ports = {}) {
    auto seen = view_config(options_, services, ports);
    EXPECT_TRUE(seen) << seen.error().message;
    return seen ? std::move(seen).value() : ConfigView{};
  }
  std::string origin(const ConfigView& seen, const std::string& pointer) {
    const auto it = seen.origins.find(pointer);
    return it == seen.origins.end() ? "none" : it->second;
  }
  std::filesystem::path closed(const std::string& name, const std::string& text) {
    const auto file = tree_.write(name, text);
    ::chmod(file.c_str(), 0600);
    return file;
  }

  TempTree tree_;
  LoadOptions options_;
};

TEST_F(ConfigViews, WhatMsctlAddsSaysWhatItFollowsFrom) {
  options_.files = {tree_.write("msctl.yaml", R"(postgres: db
services:
  db: {command: [x], ports: {client: 4}}
  users: {command: [x], database: postgres}
)")};
  const ConfigView seen = view();
  EXPECT_EQ(origin(seen, "/postgres"), "msctl.yaml:1");
  EXPECT_EQ(origin(seen, "/services/db-databases/command/0"), "none");
  EXPECT_EQ(origin(seen, "/services/users/depends_on/db-databases/condition"), "follows from database");
  EXPECT_EQ(seen.value["services"]["db-databases"]["command"][4], "users");
}

TEST_F(ConfigViews, EveryValueHasItsOrigin) {
  tree_.write("orders/service.yaml", R"(name: orders
command: [run, "${env:MSCTL_TEST_A}", "${env:MSCTL_TEST_B:-b}"]
ports: {http: 1, grpc: 2}
calls:
  users: {}
depends_on: {cache: started}
env_files: [own.env]
publishes: [a.b]
)");
  tree_.write("orders/own.env", "\nFROM_FILE=${x}\n");
  options_.files = {tree_.write("msctl.yaml", R"(broker: nats
services:
  orders:
    path: orders
    ports: {http: 0}
  users: {command: [x], ports: {grpc: 3}}
  cache: {command: [x], env: {URL: "http://h:${port:orders.http}", HOME_: "${env:HOME}", NOTE: "${file:note}"}}
  nats: {command: [x], ports: {client: 4}}
)"),
                    tree_.write("dev.yaml", "services:\n  orders: {stop_grace_ms: 5}\n")};
  options_.env_files = {tree_.write(".env", "# x\nMSCTL_TEST_A=a\n")};
  tree_.write("note", "text\n");
  const ConfigView seen = view();
  const base::Json& orders = seen.value["services"]["orders"];
  EXPECT_EQ(orders["command"], base::Json::parse(R"(["run", "a", "b"])"));
  EXPECT_EQ(orders["env"]["FROM_FILE"], "$${x}");
  EXPECT_EQ(orders["folder"], "orders");
  EXPECT_EQ(seen.value["services"]["cache"]["env"]["URL"], "http://h:${port:orders.http}");
  EXPECT_EQ(seen.value["services"]["cache"]["env"]["NOTE"], "text");
  const std::string at = "/services/orders/";
  EXPECT_EQ(origin(seen, at + "command"), "orders/service.yaml:2 (.env:2)");
  EXPECT_EQ(origin(seen, at + "ports/http"), "msctl.yaml:5");
  EXPECT_EQ(origin(seen, at + "ports/grpc"), "orders/service.yaml:3");
  EXPECT_EQ(origin(seen, at + "stop_grace_ms"), "dev.yaml:2");
  EXPECT_EQ(origin(seen, at + "restart/limit"), "default");
  EXPECT_EQ(origin(seen, at + "env/FROM_FILE"), "orders/own.env:2");
  EXPECT_EQ(origin(seen, at + "depends_on/cache/condition"), "orders/service.yaml:6");
  EXPECT_EQ(origin(seen, at + "depends_on/cache/required"), "default");
  EXPECT_EQ(origin(seen, at + "depends_on/users/condition"), "follows from calls");
  EXPECT_EQ(origin(seen, at + "depends_on/nats/condition"), "follows from publishes");
  EXPECT_EQ(origin(seen, "/services/cache/env/HOME_"), "msctl.yaml:7 (env HOME)");
  EXPECT_EQ(origin(seen, "/services/cache/env/NOTE"), "msctl.yaml:7 (file note)");
  EXPECT_EQ(origin(seen, "/broker"), "msctl.yaml:1");
  EXPECT_EQ(origin(seen, "/name"), "default");
  EXPECT_EQ(view({}, {{"orders.http", 8080}}).value["services"]["cache"]["env"]["URL"], "http://h:8080");
  options_.project = "two";
  EXPECT_EQ(origin(view(), at + "ports/grpc"), "a free one for this project");
}

TEST_F(ConfigViews, SecretsAreMasked) {
  closed("s/token", "hidden-1");
  options_.env_files = {closed(".env", "MSCTL_TEST_API_KEY=hidden-2\nMSCTL_TEST_HARMLESS=hidden-3\n")};
  options_.files = {tree_.write("msctl.yaml", R"(services:
  a:
    command: [run, --password=hidden-4, --token, hidden-5, "--url=http://me:hidden-6@host/x", "${file:s/token}"]
    env:
      DB_PASSWORD: hidden-7
      AUTH_TOKEN: "${env:MSCTL_TEST_HARMLESS}"
      URL: "postgres://me:hidden-8@host/db?x=1"
      COPY: "key=${env:MSCTL_TEST_API_KEY}"
    register: {meta: {api-key: hidden-9}}
)")};
  const ConfigView seen = view();
  EXPECT_THAT(seen.value.dump(), Not(HasSubstr("hidden")));
  const base::Json& a = seen.value["services"]["a"];
  EXPECT_EQ(a["env"]["URL"], "postgres://me:****@host/db?x=1");
  EXPECT_EQ(a["env"]["COPY"], "key=****");
  EXPECT_EQ(
      a["command"],
      base::Json::parse(R"(["run", "--password=****", "--token", "****", "--url=http://me:****@host/x", "****"])"));
}

TEST_F(ConfigViews, SecretsAreMaskedByTheirSource) {
  closed("secrets/db", "hidden-1");
  closed("vault.secret.env", "PIN=hidden-2\n");
  options_.env_files = {closed("my.credentials", "MSCTL_TEST_PIN=hidden-3\n")};
  options_.files = {tree_.write("msctl.yaml", R"(services:
  a:
    command: [run, "${env:MSCTL_TEST_TOKEN:-hidden-4}", "${file:secrets/db}"]
    env_files: [vault.secret.env]
    env: {A: "${file:secrets/db}", B: "b-${env:MSCTL_TEST_PIN}", C: "${env:MSCTL_TEST_TOKEN:-}", D: "${env:MSCTL_TEST_X:-d}"}
)")};
  const ConfigView seen = view();
  EXPECT_THAT(seen.value.dump(), Not(HasSubstr("hidden")));
  const base::Json& env = seen.value["services"]["a"]["env"];
  EXPECT_EQ(env["A"], "****");
  EXPECT_EQ(env["B"], "b-****");
  EXPECT_EQ(env["C"], "");
  EXPECT_EQ(env["D"], "d");
  EXPECT_EQ(env["PIN"], "****");
}

TEST_F(ConfigViews, ASecretThatOthersCanReadIsRefused) {
  const auto file = closed("secrets/db", "x");
  options_.files = {tree_.write("msctl.yaml", R"(services:
  a: {command: [x], env: {A: "${file:secrets/db}"}}
  b: {command: [x]}
)")};
  EXPECT_TRUE(view_config(options_, {}));
  ::chmod(file.c_str(), 0644);
  EXPECT_EQ(view_config(options_, {}).error().message,
            "msctl.yaml:2: services.a.env.A: secrets/db holds a secret and is open to other users (mode 0644); close "
            "it: chmod 600 secrets/db");
  EXPECT_TRUE(view_config(options_, {"b"}));
  ::chmod(file.c_str(), 0600);
  const auto env = closed("all.secrets", "PIN=1\nPUK=2\n");
  options_.env_files = {env};
  EXPECT_TRUE(view_config(options_, {}));
  ::chmod(env.c_str(), 0640);
  EXPECT_THAT(view_config(options_, {}).error().message, HasSubstr("all.secrets:1: PIN: all.secrets holds a secret"));
}

TEST_F(ConfigViews, ProfilesAreThoseThatWereChosen) {
  options_.files = {tree_.write("msctl.yaml", R"(profiles: [dev]
services:
  web: {command: [x], profiles: [dev, test]}
  load: {command: [x], profiles: [load]}
)")};
  const ConfigView by_file = view();
  EXPECT_EQ(by_file.value["profiles"], base::Json::parse(R"(["dev"])"));
  EXPECT_EQ(origin(by_file, "/profiles"), "msctl.yaml:1");
  options_.profiles = {"test", "load"};
  const ConfigView by_option = view();
  EXPECT_EQ(by_option.value["profiles"], base::Json::parse(R"(["test", "load"])"));
  EXPECT_EQ(origin(by_option, "/profiles"), "--profile");
  EXPECT_EQ(view({"web"}).value["profiles"], base::Json::parse(R"(["test"])"));
}

TEST_F(ConfigViews, WhatMeetsIsNoReplacement) {
  options_.files = {tree_.write(
      "msctl.yaml", "services: {a: {command: [x, \"${env:MSCTL_TEST_UNSET:-$}{port:x}\", \"$${a}$$${b}\"]}}")};
  const ConfigView seen = view();
  EXPECT_EQ(seen.value["services"]["a"]["command"], base::Json::parse(R"(["x", "$${port:x}", "$${a}$$${b}"])"));
}

TEST_F(ConfigViews, UnsetVariablesStay) {
  options_.files = {tree_.write("msctl.yaml", "services: {a: {command: [x], env: {A: \"${env:MSCTL_TEST_UNSET}\"}}}")};
  const ConfigView seen = view();
  EXPECT_EQ(seen.value["services"]["a"]["env"]["A"], "${env:MSCTL_TEST_UNSET}");
  EXPECT_EQ(origin(seen, "/services/a/env/A"), "msctl.yaml:1 (MSCTL_TEST_UNSET is not set)");
}

// The view of the view is the view, for every key.
TEST_F(ConfigViews, IsAClusterFileItself) {
  tree_.write("a/service.yaml", R"(
name: a
version: "1"
command: [x, "$${y}"]
folder: .
ports: {http: 0, grpc: 2, admin: 3}
sockets: [http]
replicas: 2
profiles: [p]
database: sqlite
consumes: [a.b]
calls: {b: {timeout_ms: 7}}
routes: [{prefix: /a, to: /}]
probes: {boot: {log: x}, ready: {grpc: grpc, service: s}, live: {exec: [y], successes: 2}}
restart: {policy: always, success_codes: [3]}
resources: {memory: 1.5G, cpus: 0.25, open_files: 100}
logs: {max_size: 1M}
register: {tags: [t], meta: {k: v}}
build: {command: [make], inputs: ["src/**"]}
contracts: {states: {command: [seed, x]}, messages: {http: /m, port: http}}
)");
  options_.files = {tree_.write("msctl.yaml", R"(
broker: nats
registry: {port: 9500}
services:
  a: {path: a}
  b: {external: {url: "http://b:80", health: /h}, ports: {grpc: 80}}
  c: {image: "redis:7", command: [--port, "1"], depends_on: {b: {condition: started, on_crash: hold}}}
  g: {command: [x], gateway: true, env: {A: b}}
  nats: {command: [x], ports: {client: 4}, probes: {ready: {tcp: client}, live: {http: /, port: client}}}
  n: {command: [x], probes: {ready: {notify: true}}}
commands: {demo: {command: [y, "${port:a.grpc}"], help: h}}
try_this: ["z ${port:nats.client}"]
)")};
  options_.profiles = {"p"};
  const ConfigView first = view();
  LoadOptions again;
  again.files = {tree_.write("view.yaml", first.value.dump())};
  const auto second = view_config(again, {});
  ASSERT_TRUE(second) << second.error().message;
  base::Json expected = first.value;
  EXPECT_EQ(second.value().value.dump(2), expected.dump(2));
}

TEST_F(ConfigViews, OnlyTheServicesAskedFor) {
  options_.files = {tree_.write(
      "msctl.yaml", "services: {web: {command: [x]}, api: {command: [x]}, dbg: {command: [x], profiles: [d]}}")};
  EXPECT_EQ(view({"api"}).value["services"].size(), 1U);
  EXPECT_EQ(view_config(options_, {"wbe"}).error().message, "no service is named \"wbe\"; did you mean \"web\"?");
  EXPECT_EQ(view_config(options_, {"dbg"}).error().message, "service dbg is only there with --profile d");
}

TEST(Mask, UrlsAndArguments) {
  EXPECT_EQ(mask_urls("a://${env:X}@h"), masked);
  EXPECT_EQ(mask_urls("a://h:${port:x}/"), "a://h:${port:x}/");
  EXPECT_EQ(mask_urls("a://u:p@h b://u:p@h/x:y@z c://h:1/@"), "a://u:****@h b://u:****@h/x:y@z c://h:1/@");
  EXPECT_THAT(mask_arguments({"TOKEN=x", "--key", "y", "--key", "-v", "--secret", "a b=c"}),
              ElementsAre("TOKEN=****", "--key", "****", "--key", "-v", "--secret", "****"));
}

}  // namespace
}  // namespace spec
