// The API without a network: requests go straight to its handler.
#include "supervisor/registry/api.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>

#include "base/json.hpp"

namespace registry {
namespace {

using namespace std::chrono_literals;
using base::Json;
using base::http::Request;
using base::http::Response;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* web = R"({"ID": "w1", "Name": "web", "Address": "127.0.0.1", "Port": 8080, "Tags": ["v1", "eu"],
                                "Meta": {"zone": "a"}, "Check": {"TTL": "30s"}})";

class ApiTest : public testing::Test {
 protected:
  ApiTest() {
    catalog.on_change([this] { waiters.wake(); });
  }

  // Begins; the answer is there once the handler is done.
  std::shared_ptr<std::optional<Response>> begin(const std::string& method, const std::string& target,
                                                 const std::string& body = {}, const std::string& token = "secret") {
    Request request{method, target, {}, body};
    if (!token.empty()) request.headers.add("X-Consul-Token", token);
    auto answer = std::make_shared<std::optional<Response>>();
    auto whole = [](base::Task<Response> task, std::shared_ptr<std::optional<Response>> into) -> base::Task<> {
      into->emplace(co_await std::move(task));
    };
    boost::asio::co_spawn(io, whole(handler(std::move(request)), answer), [](std::exception_ptr thrown) {
      if (thrown) std::rethrow_exception(thrown);
    });
    settle();
    return answer;
  }
  void settle() {
    io.restart();
    io.poll();
  }
  Response ask(const std::string& method, const std::string& target, const std::string& body = {},
               const std::string& token = "secret") {
    const auto answer = begin(method, target, body, token);
    EXPECT_TRUE(*answer) << method << " " << target << " waits";
    return answer->value_or(Response{});
  }
  Json get(const std::string& target) {
    const auto answer = ask("GET", target, "", "");
    EXPECT_EQ(answer.status, 200) << target << ": " << answer.body;
    const auto json = base::parse_json(answer.body);
    EXPECT_TRUE(json) << answer.body;
    return json ? json.value() : Json();
  }
  void put(const std::string& target, const std::string& body = {}) {
    const auto answer = ask("PUT", target, body);
    EXPECT_EQ(answer.status, 200) << target << ": " << answer.body;
  }
  std::uint64_t index_of(const std::string& target) {
    return std::stoull(std::string(ask("GET", target).headers.get("x-consul-index")));
  }

  base::SystemClock clock;
  boost::asio::io_context io{1};
  Catalog catalog{clock, {"node1", "0190a0a0-0000-7000-8000-000000000000"}};
  Waiters waiters{io, 4};
  base::http::Handler handler = make_api({catalog, waiters, clock, "secret", [] { return std::uint16_t{8500}; }});
};

TEST_F(ApiTest, AServiceRegistersPassesAndIsFound) {
  put("/v1/agent/service/register", web);
  EXPECT_EQ(get("/v1/health/service/web?passing").size(), 0U);
  EXPECT_EQ(get("/v1/health/service/web").size(), 1U);
  put("/v1/agent/check/pass/service:w1?note=all+is+well");
  const auto found = get("/v1/health/service/web?passing=1");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["Service"]["ID"], "w1");
  EXPECT_EQ(found[0]["Service"]["Service"], "web");
  EXPECT_EQ(found[0]["Service"]["Address"], "127.0.0.1");
  EXPECT_EQ(found[0]["Service"]["Port"], 8080);
  EXPECT_EQ(found[0]["Service"]["Meta"]["zone"], "a");
  EXPECT_EQ(found[0]["Service"]["Tags"], Json::array({"v1", "eu"}));
  EXPECT_EQ(found[0]["Node"]["Node"], "node1");
  EXPECT_EQ(found[0]["Checks"][0]["CheckID"], "serfHealth");
  EXPECT_EQ(found[0]["Checks"][1]["CheckID"], "service:w1");
  EXPECT_EQ(found[0]["Checks"][1]["Output"], "all is well");
  EXPECT_EQ(found[0]["Checks"][1]["Name"], "Service 'web' check");
  put("/v1/agent/service/deregister/w1");
  EXPECT_EQ(get("/v1/health/service/web").size(), 0U);
}

TEST_F(ApiTest, TheCatalogShowsWhatIsRegistered) {
  put("/v1/agent/service/register", web);
  EXPECT_EQ(get("/v1/catalog/services"), Json({{"web", {"eu", "v1"}}}));
  const auto found = get("/v1/catalog/service/web");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["ServiceID"], "w1");
  EXPECT_EQ(found[0]["ServicePort"], 8080);
  EXPECT_EQ(found[0]["ServiceMeta"]["zone"], "a");
  EXPECT_EQ(get("/v1/catalog/nodes")[0]["Node"], "node1");
  EXPECT_EQ(get("/v1/catalog/datacenters"), Json::array({"dc1"}));
  EXPECT_EQ(get("/v1/catalog/node/node1")["Services"]["w1"]["Port"], 8080);
  EXPECT_EQ(get("/v1/catalog/node/other"), Json(nullptr));
}

TEST_F(ApiTest, TheAgentShowsItselfAndItsOwn) {
  put("/v1/agent/service/register", web);
  const auto self = get("/v1/agent/self");
  EXPECT_EQ(self["Config"]["NodeName"], "node1");
  EXPECT_EQ(self["Config"]["Datacenter"], "dc1");
  EXPECT_EQ(self["Member"]["Port"], 8500);
  EXPECT_EQ(get("/v1/agent/members")[0]["Name"], "node1");
  EXPECT_EQ(get("/v1/agent/services")["w1"]["Service"], "web");
  EXPECT_EQ(get("/v1/agent/service/w1")["Port"], 8080);
  EXPECT_EQ(get("/v1/agent/checks")["service:w1"]["Status"], "critical");
  EXPECT_EQ(get("/v1/status/leader"), "127.0.0.1:8500");
  EXPECT_EQ(get("/v1/status/peers"), Json::array({"127.0.0.1:8500"}));
  const auto missing = ask("GET", "/v1/agent/service/w2");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.body, "unknown service ID: w2");
  EXPECT_TRUE(missing.headers.has("x-consul-index"));
}

TEST_F(ApiTest, ChecksAreFoundByServiceNodeAndState) {
  put("/v1/agent/service/register", web);
  put("/v1/agent/check/register", R"({"Name": "disk", "TTL": "1m", "Status": "warning"})");
  EXPECT_EQ(get("/v1/health/checks/web")[0]["CheckID"], "service:w1");
  EXPECT_EQ(get("/v1/health/node/node1").size(), 3U);
  EXPECT_EQ(get("/v1/health/node/other").size(), 0U);
  EXPECT_EQ(get("/v1/health/state/any").size(), 3U);
  EXPECT_EQ(get("/v1/health/state/warning")[0]["CheckID"], "disk");
  EXPECT_EQ(get("/v1/health/state/critical")[0]["CheckID"], "service:w1");
  put("/v1/agent/check/deregister/disk");
  EXPECT_EQ(get("/v1/health/state/warning").size(), 0U);
}

TEST_F(ApiTest, TheHealthOfAServiceIsInTheHttpStatus) {
  put("/v1/agent/service/register", web);
  EXPECT_EQ(ask("GET", "/v1/agent/health/service/id/w1").status, 503);
  put("/v1/agent/check/warn/service:w1");
  EXPECT_EQ(ask("GET", "/v1/agent/health/service/name/web").status, 429);
  put("/v1/agent/check/update/service:w1", R"({"Status": "passing", "Output": "ok"})");
  EXPECT_EQ(ask("GET", "/v1/agent/health/service/name/web?format=text").body, "passing");
  EXPECT_EQ(ask("GET", "/v1/agent/health/service/name/nothing").status, 404);
}

TEST_F(ApiTest, TagsMustAllFit) {
  put("/v1/agent/service/register", web);
  EXPECT_EQ(get("/v1/health/service/web?tag=v1").size(), 1U);
  EXPECT_EQ(get("/v1/health/service/web?tag=v1&tag=eu").size(), 1U);
  EXPECT_EQ(get("/v1/health/service/web?tag=v1&tag=us").size(), 0U);
  EXPECT_EQ(get("/v1/catalog/service/web?tag=v2").size(), 0U);
}

TEST_F(ApiTest, MaintenanceTakesAServiceOut) {
  put("/v1/agent/service/register", R"({"Name": "web"})");
  put("/v1/agent/service/maintenance/web?enable=true&reason=new%20disk");
  EXPECT_EQ(get("/v1/health/service/web?passing").size(), 0U);
  EXPECT_EQ(get("/v1/health/checks/web")[0]["Notes"], "new disk");
  put("/v1/agent/service/maintenance/web?enable=false");
  EXPECT_EQ(get("/v1/health/service/web?passing").size(), 1U);
  EXPECT_EQ(ask("PUT", "/v1/agent/service/maintenance/web").body, "Missing value for enable");
  EXPECT_EQ(ask("PUT", "/v1/agent/service/maintenance/web?enable=perhaps").status, 400);
  EXPECT_EQ(ask("PUT", "/v1/agent/service/maintenance/other?enable=true").status, 404);
}

TEST_F(ApiTest, AChangeNeedsTheToken) {
  for (const char* token : {"", "wrong", "secret2", "secre"}) {
    const auto refused = ask("PUT", "/v1/agent/service/register", web, token);
    EXPECT_EQ(refused.status, 403);
    EXPECT_THAT(refused.body, StartsWith("Permission denied"));
    EXPECT_EQ(ask("GET", "/v1/agent/check/pass/x", "", token).status, 403);
  }
  EXPECT_EQ(catalog.instances().size(), 0U);
  EXPECT_EQ(ask("PUT", "/v1/agent/service/register?token=secret", web, "").status, 200);
  Request bearer{"PUT", "/v1/agent/service/deregister/w1", {}, ""};
  bearer.headers.add("Authorization", "Bearer secret");
  EXPECT_EQ(catalog.instances().size(), 1U);
  boost::asio::co_spawn(io, handler(bearer), [](std::exception_ptr, const Response&) {});
  settle();
  EXPECT_EQ(catalog.instances().size(), 0U);
}

TEST_F(ApiTest, WithoutATokenOfItsOwnNobodyChangesAnything) {
  handler = make_api({catalog, waiters, clock, "", [] { return std::uint16_t{8500}; }});
  EXPECT_EQ(ask("PUT", "/v1/agent/service/register", web, "").status, 403);
}

TEST_F(ApiTest, ErrorsAreConsulsOwn) {
  EXPECT_EQ(ask("PUT", "/v1/agent/service/register", "{").status, 400);
  EXPECT_EQ(ask("PUT", "/v1/agent/service/register", "{}").body, "Missing service name");
  EXPECT_EQ(ask("PUT", "/v1/agent/check/pass/nothing").body,
            "Unknown check ID \"nothing\". Ensure that the check ID is passed, not the check name.");
  EXPECT_EQ(ask("PUT", "/v1/agent/service/deregister/nothing").status, 404);
  const auto method = ask("POST", "/v1/agent/service/register", web);
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.body, "method POST not allowed");
  EXPECT_EQ(method.headers.get("allow"), "PUT");
  EXPECT_EQ(ask("PUT", "/v1/agent/services").status, 405);
  EXPECT_EQ(ask("GET", "/v1/kv/key").status, 404);
  EXPECT_EQ(ask("GET", "/elsewhere").status, 404);
  EXPECT_EQ(ask("GET", "/v1/health/service/").body, "Missing service name");
  EXPECT_EQ(ask("GET", "/v1/health/service/web?index=x").body, "Invalid index");
  EXPECT_EQ(ask("GET", "/v1/health/service/web?wait=x").body, "Invalid wait time");
  EXPECT_EQ(ask("GET", "/v1/health/service/web?passing=maybe").status, 400);
  EXPECT_EQ(ask("GET", "/v1/health/service/web?filter=Port==80").status, 400);
  EXPECT_EQ(ask("GET", "/v1/health/service/web?stale&consistent").status, 400);
  EXPECT_EQ(ask("GET", "/v1/health/service/web?dc=dc2").body, "No path to datacenter");
  EXPECT_EQ(ask("GET", "/v1/health/service/%zz").status, 400);
}

TEST_F(ApiTest, AReadSaysHowFreshItIs) {
  const auto answer = ask("GET", "/v1/health/service/web");
  EXPECT_GT(std::stoull(std::string(answer.headers.get("x-consul-index"))), 0U);
  EXPECT_EQ(answer.headers.get("x-consul-knownleader"), "true");
  EXPECT_EQ(answer.headers.get("x-consul-lastcontact"), "0");
  EXPECT_EQ(answer.headers.get("content-type"), "application/json");
  EXPECT_THAT(ask("GET", "/v1/agent/self?pretty").body, HasSubstr("\n  "));
}

TEST_F(ApiTest, ABlockingQueryAnswersWhenItsServiceChanges) {
  put("/v1/agent/service/register", web);
  const auto index = std::to_string(index_of("/v1/health/service/web"));
  const auto answer = begin("GET", "/v1/health/service/web?passing&index=" + index + "&wait=1m");
  EXPECT_FALSE(*answer);
  put("/v1/agent/service/register", R"({"Name": "other"})");
  settle();
  EXPECT_FALSE(*answer) << "another service is none of its business";
  put("/v1/agent/check/pass/service:w1");
  settle();
  ASSERT_TRUE(*answer);
  EXPECT_EQ(base::parse_json((*answer)->body).value().size(), 1U);
  EXPECT_NE((*answer)->headers.get("x-consul-index"), index);
}

TEST_F(ApiTest, ABlockingQueryForAServiceThatComesLater) {
  const auto index = std::to_string(index_of("/v1/health/service/web"));
  const auto answer = begin("GET", "/v1/health/service/web?index=" + index);
  EXPECT_FALSE(*answer);
  put("/v1/agent/service/register", web);
  settle();
  ASSERT_TRUE(*answer);
  EXPECT_EQ(base::parse_json((*answer)->body).value().size(), 1U);
}

TEST_F(ApiTest, AnIndexThatIsNotOursIsAnsweredAtOnce) {
  EXPECT_EQ(ask("GET", "/v1/health/service/web?index=1&wait=1m").status, 200);
  EXPECT_EQ(ask("GET", "/v1/health/service/web?index=18446744073709551615&wait=1m").status, 200);
  EXPECT_EQ(ask("GET", "/v1/health/service/web?index=0&wait=1m").status, 200);
}

TEST_F(ApiTest, ABlockingQueryEndsAfterItsTime) {
  const auto index = std::to_string(index_of("/v1/health/service/web"));
  const auto answer = begin("GET", "/v1/health/service/web?wait=1ms&index=" + index);
  io.restart();
  while (!*answer && io.run_one_for(10s) > 0) {
  }
  ASSERT_TRUE(*answer);
  EXPECT_EQ((*answer)->headers.get("x-consul-index"), index);
}

TEST_F(ApiTest, OneMoreThanMayWaitMakesTheOldestAnswer) {
  const auto target = "/v1/health/service/web?index=" + std::to_string(index_of("/v1/health/service/web"));
  std::vector<std::shared_ptr<std::optional<Response>>> answers;
  for (int i = 0; i < 5; ++i) answers.push_back(begin("GET", target));
  settle();
  EXPECT_TRUE(*answers[0]);
  EXPECT_FALSE(*answers[1]);
  waiters.close();
  settle();
  EXPECT_TRUE(*answers[4]);
  EXPECT_EQ(ask("GET", target).status, 200) << "nobody waits any more";
}

}  // namespace
}  // namespace registry
