// The whole registry on a free port, asked by HTTP.
#include "supervisor/registry/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "base/http/client.hpp"
#include "base/json.hpp"
#include "supervisor/posix/file.hpp"

namespace registry {
namespace {

using namespace std::chrono_literals;
using base::Json;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    std::string path = (fs::temp_directory_path() / "registry-XXXXXX").string();
    folder = ::mkdtemp(path.data());
    open();
  }
  ~ServerTest() override {
    close();
    fs::remove_all(folder);
  }

  ServerOptions options() {
    ServerOptions made;
    made.port = 0;
    made.token_file = folder / "registry.token";
    made.book = folder / "registry.json";
    made.ask = [this](const Question& question, std::function<void(Answer)> answer) {
      asked.push_back(question);
      boost::asio::post(io, [this, answer = std::move(answer)] { answer(reply); });
    };
    made.refresh = [this] { ++refreshed; };
    return made;
  }
  void open() {
    catalog = std::make_unique<Catalog>(clock, Node{});
    auto opened = Server::open(io, *catalog, clock, random, options());
    ASSERT_TRUE(opened) << opened.error().message;
    server = std::move(opened.value());
  }
  void close() {
    if (server) run(server->close(1s));
    server.reset();
  }
  void run(base::Task<> task) {
    bool done = false;
    boost::asio::co_spawn(io, std::move(task), [&done](std::exception_ptr thrown) {
      if (thrown) std::rethrow_exception(thrown);
      done = true;
    });
    until([&done] { return done; });
  }
  void until(const std::function<bool()>& condition) {
    const auto limit = std::chrono::steady_clock::now() + 10s;
    io.restart();
    while (!condition() && std::chrono::steady_clock::now() < limit) io.run_one_for(100ms);
    EXPECT_TRUE(condition());
  }
  std::string token() const {
    auto text = posix::read_small_file((folder / "registry.token").string());
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }
  base::http::Response ask(const std::string& method, const std::string& target, const std::string& body = {}) {
    base::http::Request request{method, target, {}, body};
    request.headers.add("X-Consul-Token", token());
    base::http::Response response;
    auto whole = [](base::http::Client& by, std::uint16_t port, base::http::Request message,
                    base::http::Response& into) -> base::Task<> {
      base::http::Target to;
      to.port = port;
      auto answer = co_await by.send(std::move(to), std::move(message), 5s);
      EXPECT_TRUE(answer) << answer.error().message;
      if (answer) into = std::move(answer).value();
    };
    run(whole(client, server->port(), std::move(request), response));
    return response;
  }
  std::size_t passing(const std::string& service) {
    return base::parse_json(ask("GET", "/v1/health/service/" + service + "?passing").body).value().size();
  }

  fs::path folder;
  boost::asio::io_context io{1};
  base::http::Client client{io};
  base::SystemClock clock;
  base::SystemRandom random;
  std::vector<Question> asked;
  Answer reply;
  int refreshed = 0;
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<Server> server;
};

TEST_F(ServerTest, AnswersOverHttp) {
  EXPECT_EQ(ask("PUT", "/v1/agent/service/register", R"({"Name": "web", "Port": 80})").status, 200);
  EXPECT_EQ(passing("web"), 1U);
  EXPECT_EQ(refreshed, 1);
  EXPECT_EQ(ask("PUT", "/v1/agent/service/register", std::string(max_request_bytes + 1, ' ')).status, 413);
}

TEST_F(ServerTest, TheTokenIsForNobodyElse) {
  struct stat info {};
  ASSERT_EQ(::stat((folder / "registry.token").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_EQ(token().size(), 64U);
}

TEST_F(ServerTest, KeepsItsTokenUnlessOthersCouldReadIt) {
  const auto first = token();
  close();
  open();
  EXPECT_EQ(token(), first);
  close();
  ASSERT_EQ(::chmod((folder / "registry.token").c_str(), 0644), 0);
  open();
  EXPECT_NE(token(), first);
}

TEST_F(ServerTest, AsksHttpChecks) {
  reply = Answer{true, 200, "fine", ""};
  ask("PUT", "/v1/agent/service/register",
      R"({"Name": "web", "Check": {"HTTP": "http://127.0.0.1:81/health", "Interval": "10s"}})");
  until([this] { return !asked.empty(); });
  EXPECT_EQ(asked[0].port, 81);
  EXPECT_EQ(asked[0].path, "/health");
  until([this] { return catalog->status_of(*catalog->find("web")) == Status::passing; });
  EXPECT_THAT(ask("GET", "/v1/health/checks/web").body,
              HasSubstr("HTTP GET http://127.0.0.1:81/health: 200 OK Output: fine"));
}

TEST_F(ServerTest, ATtlPassesByItself) {
  ask("PUT", "/v1/agent/service/register", R"({"Name": "web", "Check": {"TTL": "50ms", "Status": "passing"}})");
  until([this] { return catalog->status_of(*catalog->find("web")) == Status::critical; });
}

TEST_F(ServerTest, WhoRegisteredThemselvesOutliveTheSupervisorOnTheSamePort) {
  catalog->put({"shop", "shop", "127.0.0.1", 90, {}, {}});
  ask("PUT", "/v1/agent/service/register",
      R"({"Name": "web", "Tags": ["v1"], "Check": {"TTL": "30s", "Status": "passing"}})");
  ask("PUT", "/v1/agent/service/register", R"({"Name": "shop", "Meta": {"zone": "a"}})");
  ask("PUT", "/v1/agent/service/register", R"({"Name": "old"})");
  ask("PUT", "/v1/agent/service/maintenance/old?enable=true&reason=moved");
  const auto port = server->port();
  const auto before = std::stoull(std::string(ask("GET", "/v1/health/service/web").headers.get("x-consul-index")));
  close();
  open();
  EXPECT_EQ(server->port(), port);
  EXPECT_EQ(passing("web"), 1U);
  EXPECT_EQ(passing("old"), 0U);
  EXPECT_THAT(ask("GET", "/v1/health/checks/old").body, HasSubstr("moved"));
  EXPECT_EQ(passing("shop"), 0U) << "not before the supervisor has found it again";
  catalog->put({"shop", "shop", "127.0.0.1", 90, {}, {}});
  catalog->set_health("shop", Status::passing, "ready");
  EXPECT_EQ(passing("shop"), 1U);
  EXPECT_EQ(catalog->find("shop")->definition.meta.at("zone"), "a");
  EXPECT_GT(std::stoull(std::string(ask("GET", "/v1/health/service/web").headers.get("x-consul-index"))), before);
}

TEST_F(ServerTest, ADamagedBookIsNoReasonNotToStart) {
  close();
  for (const char* book : {"{", "[]", "{\"services\": [7, {}], \"checks\": [7], \"port\": \"x\"}"}) {
    ASSERT_TRUE(posix::replace_file(folder / "registry.json", book));
    open();
    ASSERT_NE(server, nullptr) << book;
    close();
  }
}

TEST_F(ServerTest, TakesAnotherPortUnlessThePortWasGiven) {
  Catalog other(clock, {});
  auto second = options();
  second.port = server->port();
  second.book = folder / "second.json";
  auto refused = second;
  refused.port_given = true;
  const auto given = Server::open(io, other, clock, random, refused);
  ASSERT_FALSE(given);
  EXPECT_THAT(given.error().message, HasSubstr("registry: {port: N}"));
  auto opened = Server::open(io, other, clock, random, second);
  ASSERT_TRUE(opened);
  EXPECT_NE(opened.value()->port(), server->port());
  run(opened.value()->close(1s));
}

TEST_F(ServerTest, ClosingAnswersWhoWaits) {
  const std::string index(ask("GET", "/v1/health/service/web").headers.get("x-consul-index"));
  bool answered = false;
  auto whole = [](base::http::Client& by, std::uint16_t port, std::string since, bool& done) -> base::Task<> {
    base::http::Target to;
    to.port = port;
    base::http::Request request;
    request.target = "/v1/health/service/web?index=" + since;
    const auto answer = co_await by.send(std::move(to), std::move(request), 5s);
    EXPECT_TRUE(answer);
    done = true;
  };
  boost::asio::co_spawn(io, whole(client, server->port(), index, answered), [](std::exception_ptr) {});
  until([this] { return server->waiting() == 1; });
  close();
  until([&answered] { return answered; });
}

TEST(Verdict, IsConsuls) {
  const Question http{"c", 1, CheckKind::http, 80, "/h", 1s};
  EXPECT_EQ(verdict(http, {true, 204, "", ""}).first, Status::passing);
  EXPECT_EQ(verdict(http, {false, 429, "", ""}).first, Status::warning);
  EXPECT_EQ(verdict(http, {false, 500, "", ""}).first, Status::critical);
  EXPECT_EQ(verdict(http, {false, 0, "", "refused"}).second, "GET http://127.0.0.1:80/h: refused");
  const Question tcp{"c", 1, CheckKind::tcp, 80, "", 1s};
  EXPECT_EQ(verdict(tcp, {true, 0, "", ""}).second, "TCP connect 127.0.0.1:80: Success");
  EXPECT_EQ(verdict(tcp, {false, 0, "", "refused"}).first, Status::critical);
}

}  // namespace
}  // namespace registry
