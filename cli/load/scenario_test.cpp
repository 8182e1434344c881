#include "cli/load/scenario.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "cli/load/command.hpp"
#include "cli/load/csv.hpp"
#include "cli/load/origin.hpp"
#include "cli/load/targets.hpp"
#include "cli/load/units.hpp"
#include "supervisor/spec/schema_validator.hpp"

namespace load {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* whole = R"yaml(
name: shop
target: gateway
load: {stages: [{to: 100, for: 10s}, {rate: 50, for: 5s}], threads: 2, arrivals: poisson}
budget: {errors: 5, time: 1m}
thresholds: [p99<50ms]
variables: {city: Ulm}
data: {users: {rows: [{email: a@x.io, age: 30}]}}
auth: {bearer: "${token}"}
setup:
  - post: /login
    json: {user: a}
    capture: {token: /token}
scenarios:
  - name: buy
    weight: 3
    steps:
      - name: order
        post: /v1/orders?city=${city}
        json: {age: "${data.users.age}"}
        capture: {order: /id, tag: {header: ETag}, word: {regex: "w=(.*)"}}
        expect: {status: [201, 2xx], json: {/a: 1}, headers: {etag: .}, body: ok}
        think: {min: 10ms, max: 20ms}
        thresholds: [p99<80ms]
      - get: order-service:/v1/orders/${order}
        timeout: 1s
  - name: look
    steps:
      - get: /v1/users
        query: {q: "a b", n: "${city}"}
)yaml";

Plan plan_of(const std::string& text) {
  const auto file = parse_scenario(text, "load.yaml");
  EXPECT_TRUE(file) << file.error().message;
  const auto plan = check_scenario(file.value());
  EXPECT_TRUE(plan) << plan.error().message;
  return plan ? plan.value() : Plan{};
}

std::string mistake_in(const std::string& text) {
  const auto file = parse_scenario(text, "load.yaml");
  if (!file) return file.error().message;
  const auto plan = check_scenario(file.value());
  return plan ? "" : plan.error().message;
}

TEST(Scenario, SchemaUsesOnlyWhatTheValidatorKnows) {
  EXPECT_THAT(spec::unknown_keywords(scenario_schema()), ElementsAre());
}

TEST(Scenario, AWholeFileBecomesAPlan) {
  const Plan plan = plan_of(whole);
  EXPECT_EQ(plan.name, "shop");
  EXPECT_TRUE(plan.open);
  EXPECT_TRUE(plan.poisson);
  ASSERT_EQ(plan.stages.size(), 2U);
  EXPECT_EQ(plan.stages[0].from, 0);
  EXPECT_EQ(plan.stages[0].to, 100);
  EXPECT_EQ(plan.stages[1].from, 50);
  EXPECT_EQ(plan.duration_ns, 15'000'000'000U);
  EXPECT_EQ(plan.budget.errors, 5U);
  ASSERT_EQ(plan.scenarios.size(), 2U);
  EXPECT_EQ(plan.scenarios[0].weight, 3);
  const Step& order = plan.scenarios[0].steps[0];
  EXPECT_EQ(order.method, "POST");
  EXPECT_EQ(order.captures.size(), 3U);
  EXPECT_EQ(order.think.least_ns, 10'000'000U);
  EXPECT_FALSE(order.body.is_static());
  const Step& back = plan.scenarios[0].steps[1];
  EXPECT_EQ(plan.origins[back.origin].service, "order-service");
  EXPECT_EQ(back.timeout_ns, 1'000'000'000U);
  EXPECT_EQ(plan.scenarios[1].steps[0].target.parts.front().text, "/v1/users?q=a%20b&n=");
  ASSERT_EQ(plan.thresholds.size(), 2U);
  EXPECT_EQ(plan.thresholds[0].step, "order");
  // The login step has no token yet; the others carry it.
  EXPECT_TRUE(std::none_of(plan.setup[0].headers.begin(), plan.setup[0].headers.end(),
                           [](const auto& one) { return one.first == "Authorization"; }));
  EXPECT_EQ(order.headers.back().first, "Content-Type");
  EXPECT_EQ(order.headers.front().first, "Authorization");
  EXPECT_THAT(services_of(parse_scenario(whole, "x").value().document),
              ElementsAre("gateway.http", "order-service.http"));
}

TEST(Scenario, BasicAuthIsEncoded) {
  const Plan plan = plan_of(
      "target: http://127.0.0.1:1\nload: {rate: 1}\nauth: {basic: {user: Aladdin, password: open sesame}}\n"
      "steps: [{get: /}]\n");
  EXPECT_EQ(plan.scenarios[0].steps[0].headers[0].second.parts[0].text, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST(Scenario, MistakesSayFileAndLine) {
  const std::string head = "target: http://127.0.0.1:1\nload: {rate: 5}\n";
  for (const auto& [text, why] : std::vector<std::pair<std::string, std::string>>{
           {"load: {rate: 5}\nsteps: [{get: /}]", "load.yaml:2: steps[0].get: has no target"},
           {head + "steps:\n  - gte: /\n", "load.yaml:4: steps[0]: unknown key \"gte\""},
           {head + "steps:\n  - name: x\n", "expected one of get, post"},
           {head + "steps:\n  - get: /\n    post: /\n", "has two methods"},
           {head + "steps:\n  - get: /${usr}\n", "load.yaml:4: steps[0].get: ${usr} is neither"},
           {head + "steps:\n  - get: /\n    think: soon\n", "load.yaml:5: steps[0].think: expected a duration"},
           {head + "steps:\n  - get: /\n    json: {}\n    body: x\n", "more than one of json, body"},
           {head + "steps:\n  - get: /\n    expect: {body: \"(\"}\n", "not a regular expression"},
           {head + "steps:\n  - get: /\n    expect: {status: NOT_FOUND}\n", "no status that this step can have"},
           {head + "steps:\n  - get: /\n    headers: {Content-Length: 5}\n", "is set by msctl load itself"},
           {head + "steps:\n  - get: /\n    headers: {\"a b\": 5}\n", "no name of a header"},
           {head + "steps:\n  - get: /\n    thresholds: [p99]\n", "no < or >"},
           {head + "thresholds: [\"other: p99<1ms\"]\nsteps: [{get: /}]\n", "no step \"other\""},
           {head + "steps: [{get: \"http://${host}/\"}]\n", "host cannot be chosen"},
           {head + "steps: [{get: \"ftp://x/\"}]\n", "none of http, https"},
           {head + "auth: {bearer: \"${token}\"}\nsteps: [{get: /}]\n", "load.yaml:3: auth"},
           {head + "scenarios: [{name: a, steps: [{get: /}]}]\nsteps: [{get: /}]\n", "either `steps` or `scenarios`"},
           {"target: http://127.0.0.1:1\nsteps: [{get: /}]\n", "there is no load"},
           {"target: http://127.0.0.1:1\nload: {rate: 1, connections: 2}\nsteps: [{get: /}]\n", "exclude each other"},
           {"target: http://127.0.0.1:1\nload: {connections: 2, arrivals: poisson}\nsteps: [{get: /}]\n",
            "only a rate has arrivals"},
           {"target: http://127.0.0.1:1\nload: {rate: 1, duration: 5s, warmup: 5s}\nsteps: [{get: /}]\n",
            "left to measure"},
           {"target: http://127.0.0.1:1\nload: {rate: 0}\nsteps: [{get: /}]\n", "no load: less"},
           {"target: http://127.0.0.1:1\nload: {rate: .nan}\nsteps: [{get: /}]\n",
            "load.yaml:2: load.rate: expected a rate a second, got .nan"},
           {"target: http://127.0.0.1:1\nload: {rate: .inf}\nsteps: [{get: /}]\n",
            "load.yaml:2: load.rate: expected a rate a second, got .inf"},
           {"target: http://127.0.0.1:1\nload: {stages: [{for: 1s}]}\nsteps: [{get: /}]\n",
            "load.stages[0]: expected either"},
           {head + "data: {x: {rows: [{a: 1}, {b: 2}]}}\nsteps: [{get: /}]\n", "row 2 has no \"a\""},
           {"[1, 2]", "expected"},
           {"a: [", "load.yaml"}}) {
    EXPECT_THAT(mistake_in(text), HasSubstr(why)) << text;
  }
}

TEST(Scenario, ACaptureIsKnownOnlyInItsScenario) {
  EXPECT_THAT(mistake_in("target: http://127.0.0.1:1\nload: {rate: 5}\nscenarios:\n  - name: a\n    steps: "
                         "[{get: /, capture: {id: "
                         "/id}}]\n  - name: b\n    steps: [{get: \"/${id}\"}]\n"),
              HasSubstr("${id} is neither"));
}

class Folder : public ::testing::Test {
 protected:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "msctl-load-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() override { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(path_ / name) << text;
    return (path_ / name).string();
  }
  std::filesystem::path path_;
};

TEST_F(Folder, DataComesFromFilesBesideTheScenario) {
  write("u.csv", "email,city\r\na@x.io,\"Ulm, \"\"here\"\"\"\n");
  write("g.json", R"([{"sku": "A", "cents": 5}])");
  const auto path = write("s.yaml",
                          "target: http://127.0.0.1:1\nload: {rate: 1}\ndata: {u: {file: u.csv}, g: {file: g.json}}\n"
                          "steps: [{post: \"/${data.u.city}\", json: {cents: \"${data.g.cents}\"}}]\n");
  const auto file = read_scenario(path, "s.yaml");
  ASSERT_TRUE(file) << file.error().message;
  const auto plan = check_scenario(file.value());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan.value().data[0].rows[0][1].text, "Ulm, \"here\"");
  EXPECT_TRUE(plan.value().data[1].rows[0][1].is_json);
}

TEST_F(Folder, ADataFileThatIsNoneIsAMistakeOfItsLine) {
  write("u.csv", "email,city\na@x.io\n");
  const auto mistake = [&](const std::string& file) {
    return read_scenario(write("s.yaml", "target: http://127.0.0.1:1\nload: {rate: 1}\ndata:\n  u:\n    file: " + file +
                                             "\nsteps: [{get: /}]\n"),
                         "s.yaml")
        .error()
        .message;
  };
  EXPECT_THAT(mistake("u.csv"), HasSubstr("s.yaml:5: data.u.file: u.csv: line 2: 1 values for 2 columns"));
  EXPECT_THAT(mistake("none.csv"), HasSubstr("s.yaml:5: data.u.file: "));
  EXPECT_THAT(mistake("u.xml"), HasSubstr("expected a .csv or .json file"));
}

TEST_F(Folder, OptionsGoBeforeTheFile) {
  CommandOptions options;
  options.what =
      write("s.yaml", "target: http://127.0.0.1:1\nload: {rate: 1, duration: 3s}\nsteps: [{get: \"/${v}\"}]\n");
  options.variables = {"v=1"};
  options.connections = "8";
  options.thresholds = {"p99<5ms"};
  options.budget = {"errors=7"};
  const auto file = make_scenario(options);
  ASSERT_TRUE(file) << file.error().message;
  const auto plan = check_scenario(file.value()).value();
  EXPECT_FALSE(plan.open);
  EXPECT_EQ(plan.connections, 8U);
  EXPECT_EQ(plan.duration_ns, 3'000'000'000U);
  EXPECT_EQ(plan.thresholds.size(), 1U);
  EXPECT_EQ(plan.budget.errors, 7U);
}

TEST(Command, AUrlIsAScenarioOfItsOwn) {
  CommandOptions options;
  options.what = "http://127.0.0.1:8080/v1/x?y=1";
  options.rate = "10";
  options.data = R"({"a": "${uuid}"})";
  options.headers = {"X-A: b"};
  const auto plan = check_scenario(make_scenario(options).value()).value();
  const Step& step = plan.scenarios[0].steps[0];
  EXPECT_EQ(step.method, "POST");
  EXPECT_EQ(step.target.parts[0].text, "/v1/x?y=1");
  EXPECT_EQ(plan.origins[0].ports[0], 8080);
  EXPECT_EQ(step.headers[0].first, "X-A");
}

TEST(Command, MistakesNameTheOption) {
  const auto mistake = [](auto change) {
    CommandOptions options;
    options.what = "http://127.0.0.1/";
    options.rate = "10";
    change(options);
    const auto file = make_scenario(options);
    return file ? std::string() : file.error().message;
  };
  EXPECT_THAT(mistake([](auto& o) { o.rate = "fast"; }), HasSubstr("--rate"));
  EXPECT_THAT(mistake([](auto& o) { o.duration = "10"; }), HasSubstr("--duration"));
  EXPECT_THAT(mistake([](auto& o) { o.budget = {"errors"}; }), HasSubstr("--budget"));
  EXPECT_THAT(mistake([](auto& o) { o.headers = {"x"}; }), HasSubstr("--header"));
  EXPECT_THAT(mistake([](auto& o) { o.variables = {"x"}; }), HasSubstr("--var"));
  EXPECT_THAT(mistake([](auto& o) { o.stages = {"5"}; }), HasSubstr("--stage"));
  EXPECT_THAT(mistake([](auto& o) { o.method = "FLY"; }), HasSubstr("--method"));
  EXPECT_THAT(mistake([](auto& o) { o.arrivals = "often"; }), HasSubstr("constant or poisson"));
  EXPECT_THAT(mistake([](auto& o) { o.connections = "5"; }), HasSubstr("exclude each other"));
  EXPECT_THAT(mistake([](auto& o) { o.what = "none.yaml"; }), HasSubstr("none.yaml"));
  EXPECT_THAT(mistake([](auto& o) { o.rate = "", o.connections = "0"; }), StartsWith("--connections: expected"));
  EXPECT_THAT(mistake([](auto& o) { o.max_connections = "100000000"; }), StartsWith("--max-connections: expected"));
  EXPECT_THAT(mistake([](auto& o) { o.duration = "0s"; }), StartsWith("expected a duration above 0"));
  EXPECT_THAT(mistake([](auto& o) { o.rate = "", o.stages = {"5:1s"}, o.duration = "3s"; }), HasSubstr("exclude"));
}

TEST(Address, EachForm) {
  EXPECT_EQ(read_address("https://[::1]:8443/x?y").value().port, 8443);
  EXPECT_EQ(read_address("https://a.b").value().port, 443);
  EXPECT_EQ(read_address("order-service:/v1").value().path, "/v1");
  EXPECT_EQ(read_address("user-service.grpc").value().port_name, "grpc");
  for (const char* wrong : {"", "http://", "http://a:0", "http://a:99999", "http://u@h/", "http://[::1", "a b",
                            "x:8080", "http://a/\r\n", "svc:/a b", "http://[zz]/"}) {
    EXPECT_FALSE(read_address(wrong)) << wrong;
  }
  for (const char* here : {"127.0.0.1", "127.9.9.9", "::1", "localhost", "::ffff:127.0.0.1"})
    EXPECT_TRUE(is_loopback_name(here));
  for (const char* away : {"10.0.0.1", "example.com", "::2", "0.0.0.0", "localhost.example.com", "::ffff:10.0.0.1"}) {
    EXPECT_FALSE(is_loopback_name(away)) << away;
  }
}

TEST(Targets, ServicesGetTheirPorts) {
  control::ServiceView one;
  one.name = "web";
  one.service = "web";
  one.pid = 7;
  one.ports = {{"http", 8080}, {"grpc", 9090}};
  control::ServiceView two = one;
  two.name = "web.2";
  two.ports["http"] = 8081;
  base::Json document{{"target", "web"}, {"steps", {{{"get", "/"}}}}};
  ASSERT_TRUE(resolve_targets(document, {one, two}));
  EXPECT_EQ(document["resolved"]["web.http"]["ports"], base::Json({8080, 8081}));
  document["target"] = "wbe";
  EXPECT_THAT(resolve_targets(document, {one}).error().message, HasSubstr("did you mean \"web\"?"));
  document["target"] = "web.admin";
  EXPECT_THAT(resolve_targets(document, {one}).error().message, HasSubstr("it has grpc, http"));
  one.pid.reset();
  document["target"] = "web";
  EXPECT_THAT(resolve_targets(document, {one}).error().message, HasSubstr("msctl up web"));
}

TEST(Units, Durations) {
  EXPECT_EQ(parse_duration("1m30s"), 90'000'000'000U);
  EXPECT_EQ(parse_duration("0.5ms"), 500'000U);
  for (const char* wrong : {"", "5", "s", "-1s", "1x", "1s2", "25h", "1e5s"})
    EXPECT_EQ(parse_duration(wrong), std::nullopt) << wrong;
  EXPECT_EQ(parse_share("0.1%"), 0.001);
  EXPECT_EQ(parse_share("101%"), std::nullopt);
  EXPECT_EQ(show_duration_us(87.44), "87.4 µs");
  EXPECT_EQ(show_duration_us(1234), "1.23 ms");
  EXPECT_EQ(show_duration_us(99'960), "100 ms");
  EXPECT_EQ(show_count(1234567), "1,234,567");
  EXPECT_EQ(show_count(12), "12");
  EXPECT_EQ(show_count(5.44), "5.4");
}

TEST(Csv, QuotesLinesAndMistakes) {
  EXPECT_EQ(read_csv("\xEF\xBB\xBF"
                     "a,b\n1,\"x\ny\"\n\n2,\n")
                .value(),
            base::Json({{{"a", "1"}, {"b", "x\ny"}}, {{"a", "2"}, {"b", ""}}}));
  EXPECT_THAT(read_csv("").error().message, HasSubstr("names of the columns"));
  EXPECT_THAT(read_csv("a\n\"x").error().message, HasSubstr("line 2: a quote that is not closed"));
  EXPECT_THAT(read_csv("a\n\"x\"y").error().message, HasSubstr("text behind a closing quote"));
}

}  // namespace
}  // namespace load
