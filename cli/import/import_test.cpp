#include <gmock/gmock.h>

#include "cli/import/compose_texts.hpp"
#include "cli/import/imported.hpp"
#include "cli/import/words.hpp"

namespace cli {
namespace {

using base::Json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

TEST(Words, AsAShellTakesThem) {
  EXPECT_THAT(split_words(R"(a  'b c' "d \"e\" \n" f\ g h"i"'j' '')"),
              Optional(ElementsAre("a", "b c", "d \"e\" \\n", "f g", "hij", "")));
  EXPECT_THAT(split_words(" \t "), Optional(IsEmpty()));
  EXPECT_EQ(split_words("a 'b"), std::nullopt);
}

TEST(Words, WhatNeedsAShell) {
  for (const char* line :
       {"a | b", "a && b", "a; b", "a > b", "a $B", "a \"$B\"", "a `b`", "a *.c", "cd ~", "a # b", "a (b)", "a &"}) {
    EXPECT_TRUE(needs_shell(line)) << line;
  }
  for (const char* line : {"a b", "a '$B | *'", "a \"b | c\"", "a \\$B", "a --x=1", "a b~c d#e"}) {
    EXPECT_FALSE(needs_shell(line)) << line;
  }
}

TEST(Words, Durations) {
  EXPECT_EQ(duration_ms("1m30s"), 90'000);
  EXPECT_EQ(duration_ms("1.5s"), 1500);
  EXPECT_EQ(duration_ms("500ms"), 500);
  EXPECT_EQ(duration_ms("10"), 10'000);
  EXPECT_EQ(duration_ms(""), std::nullopt);
  EXPECT_EQ(duration_ms("1y"), std::nullopt);
  EXPECT_EQ(duration_ms("99999h"), std::nullopt);
}

TEST(Procfile, LinesBecomeServices) {
  const auto made = import_procfile(
      "# comment\n\nweb: bin/web -p $PORT\nWork_er: A=1 B='x y' bin/worker --all\ncron: sleep 1 && echo '${x}'\n",
      "Procfile", true);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made.value().cluster, Json::parse(R"({"services": {
    "web": {"command": ["sh", "-c", "bin/web -p $PORT"], "env_files": [".env"], "ports": {"http": 0},
            "env": {"PORT": "${port:http}"}},
    "work-er": {"env": {"A": "1", "B": "x y"}, "command": ["bin/worker", "--all"], "env_files": [".env"]},
    "cron": {"command": ["sh", "-c", "sleep 1 && echo '$${x}'"], "env_files": [".env"]}}})"));
  EXPECT_THAT(made.value().notes,
              ElementsAre("web: runs through sh -c, since its line needs a shell",
                          "web: gets a free port as PORT; give it a fixed one as ports: {http: NUMBER}",
                          "work-er: was Work_er; names of services are of a-z, 0-9 and -",
                          "cron: runs through sh -c, since its line needs a shell"));
}

TEST(Procfile, MistakesNameTheLine) {
  const auto mistake = [](const char* text) { return import_procfile(text, "Procfile", false).error().message; };
  EXPECT_EQ(mistake("web: a\nnothing here\n"), "Procfile:2: expected NAME: COMMAND");
  EXPECT_EQ(mistake("web:\n"), "Procfile:1: expected NAME: COMMAND");
  EXPECT_EQ(mistake("web: a\nweb: b\n"), "Procfile:2: web occurs twice, first in line 1");
  EXPECT_EQ(mistake("web: a 'b\n"), "Procfile:1: web: a quote is not closed");
  EXPECT_EQ(mistake("web: A=1\n"), "Procfile:1: web: expected a command after the variables");
  EXPECT_EQ(mistake("# x\n"), "Procfile:1: expected lines of the form NAME: COMMAND");
}

constexpr const char* whole_compose = R"(
name: My Shop
version: "3.9"
x-env: &env {A: 1, B: "b"}
services:
  web:
    build: {context: ./web, dockerfile: Dev, args: {V: 2}, target: run}
    command: run --name "$NAME" --dollar $$HOME $${x}
    environment: {<<: *env, B: "${B:-c}", C: , D: "${D:?must be set}"}
    env_file: [{path: web.env, required: false}, more.env]
    ports: ["127.0.0.1:8080:80", 9000, "53:53/udp", {target: 3000, published: "3000"}]
    depends_on:
      Data_base: {condition: service_healthy, restart: true}
      job: {condition: service_completed_successfully, required: false}
    restart: on-failure:5
    deploy: {replicas: 3, resources: {limits: {cpus: "0.5", memory: 512m, pids: 7}}, mode: global}
    profiles: [front_end]
    stop_grace_period: 1m
    volumes: [".:/src"]
  Data_base:
    image: postgres:${PG:-15}
    environment: ["POSTGRES_PASSWORD=x", INHERITED]
    healthcheck: {test: ["CMD-SHELL", "pg_isready -U $$USER"], interval: 5s, timeout: 2s, retries: 4, start_period: 10s}
    ulimits: {nofile: {soft: 1024, hard: 2048}, nproc: 5}
    restart: unless-stopped
  job: {image: job, depends_on: [Data_base, ghost], healthcheck: {disable: true}, mem_limit: 1g, entrypoint: /x}
  tool: {command: ["a", "b c"], working_dir: sub}
volumes: {data: {}}
)";

TEST(Compose, KeysBecomeOurs) {
  const auto made = import_compose(whole_compose, "compose.yaml", true);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made.value().cluster.dump(1), Json::parse(R"({"name": "my-shop", "env_files": [".env"], "services": {
    "web": {
      "image": "my-shop-web",
      "build": {"command": ["docker", "build", "-t", "my-shop-web", "-f", "./web/Dev", "--build-arg", "V=2", "--target",
                            "run", "./web"]},
      "command": ["run", "--name", "${env:NAME:-}", "--dollar", "$HOME", "$${x}"],
      "env_files": ["web.env", "more.env"],
      "env": {"A": "1", "B": "${env:B:-c}", "C": "${env:C:-}", "D": "${env:D}"},
      "ports": {"http": 80, "port-9000": 9000, "port-3000": 3000},
      "depends_on": {"data-base": {"condition": "ready", "on_crash": "restart"},
                     "job": {"condition": "completed", "required": false}},
      "restart": {"policy": "on-failure", "limit": 5},
      "replicas": 3,
      "resources": {"cpus": 0.5, "memory": "512M"},
      "profiles": ["front-end"],
      "stop_grace_ms": 60000},
    "data-base": {
      "image": "postgres:15",
      "env": {"INHERITED": "${env:INHERITED:-}", "POSTGRES_PASSWORD": "x"},
      "probes": {"ready": {"exec": ["sh", "-c", "pg_isready -U $USER"], "interval_ms": 5000, "timeout_ms": 2000,
                           "failures": 4, "start_period_ms": 30000}},
      "restart": {"policy": "always"},
      "resources": {"open_files": 1024}},
    "job": {"image": "job", "depends_on": {"data-base": "started"}, "restart": {"policy": "no"},
            "resources": {"memory": "1G"}},
    "tool": {"command": ["a", "b c"], "folder": "sub", "restart": {"policy": "no"}}}})")
                                              .dump(1));
}

TEST(Compose, WhatHasNoEquivalentIsSaid) {
  const auto made = import_compose(whole_compose, "compose.yaml", false);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_THAT(
      made.value().notes,
      ElementsAre(
          "data-base: was Data_base; names are of a-z, 0-9 and -", "web: env_file: msctl needs the file to be there",
          "web: ports: 8080:80 would be another port outside than inside; it is 80 here",
          "web: ports: 53:53 (udp) has no equivalent and is left out",
          "web: deploy.resources.limits.pids has no equivalent and is left out",
          "web: deploy.mode has no equivalent and is left out", "web: volumes has no equivalent and is left out",
          "data-base: image: msctl replaces no ${PG} here; it has become 15",
          "data-base: healthcheck runs on this machine here, not inside of the container",
          "data-base: ulimits.nproc has no equivalent and is left out",
          "job: entrypoint of an image has no equivalent; the image's own is run",
          "job: depends_on: there is no service ghost", "volumes has no equivalent and is left out",
          "services reach each other on 127.0.0.1 here, not by name: write ${port:SERVICE.PORT} where a number is "
          "needed"));
}

TEST(Compose, MistakesNameFileAndLine) {
  const auto mistake = [](const char* text) { return import_compose(text, "compose.yaml", false).error().message; };
  EXPECT_EQ(mistake("a: 1"), "compose.yaml:1: expected the key \"services\" (a map), as a compose file has");
  EXPECT_EQ(mistake("services:\n  a: 1"), "compose.yaml:2: expected a map");
  EXPECT_EQ(mistake("services:\n  a_b: {image: x}\n  a-b: {image: x}"),
            "compose.yaml:3: services a_b and a-b would both be a-b");
  EXPECT_EQ(mistake("services:\n  a: {image: \"no image\"}"),
            "compose.yaml cannot be imported: services.a.image: expected an image such as redis:7, got \"no image\"");
  EXPECT_THAT(mistake("services: ["), HasSubstr("compose.yaml:1: not valid YAML"));
}

// Values of every wrong type must become notes, not exceptions.
TEST(Compose, WrongTypesAreSurvived) {
  for (const char* value : {"1", "true", "~", "text", "[]", "[1, [2], {a: b}]", "{}", "{a: 1, b: [c], d: {e: f}}"}) {
    for (const char* key : {"image", "build", "command", "entrypoint", "working_dir", "environment", "env_file",
                            "ports", "depends_on", "healthcheck", "restart", "scale", "deploy", "mem_limit", "cpus",
                            "profiles", "ulimits", "stop_grace_period", "<<"}) {
      const std::string text = std::string("services: {a: {") + key + ": " + value + "}}";
      const auto made = import_compose(text, "compose.yaml", false);
      EXPECT_TRUE(made || !made.error().message.empty()) << text;
    }
    for (const char* inner : {"test", "interval", "retries", "disable"}) {
      (void)import_compose(
          std::string("services: {a: {image: x, healthcheck: {test: x, ") + inner + ": " + value + "}}}",
          "compose.yaml", false);
    }
  }
}

TEST(ComposeTexts, Interpolation) {
  const auto of = [](const char* text) {
    std::string problem;
    const std::string out = interpolated(text, true, problem);
    return problem.empty() ? out : "problem: " + problem;
  };
  EXPECT_EQ(of("a$A-${B}c${C:-d}${E-f}${G:?h}$$I $ $1"),
            "a${env:A:-}-${env:B:-}c${env:C:-d}${env:E:-f}${env:G}$I $ ${env:1:-}");
  EXPECT_EQ(of("${A:+b}"), "problem: ${A:+b} has no equivalent");
  EXPECT_EQ(of("${A:-${B}}"), "problem: ${A:-${B} has no equivalent");
  EXPECT_EQ(of("${A"), "problem: a ${ without its }");
}

TEST(ComposeTexts, MergeKeys) {
  EXPECT_EQ(with_merge_keys(Json::parse(R"({"<<": [{"a": 1}, {"a": 2, "b": 2}], "c": {"<<": {"d": 4}}})")),
            Json::parse(R"({"c": {"d": 4}, "a": 1, "b": 2})"));
}

TEST(ComposeTexts, Sizes) {
  EXPECT_EQ(memory_size("512m"), "512M");
  EXPECT_EQ(memory_size("1gb"), "1G");
  EXPECT_EQ(memory_size(1048576), "1048576");
  EXPECT_EQ(memory_size("much"), std::nullopt);
  EXPECT_EQ(memory_size(Json()), std::nullopt);
}

}  // namespace
}  // namespace cli
