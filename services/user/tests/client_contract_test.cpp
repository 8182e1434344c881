// What callers may rely on in user_service::client::Users, checked on the fake and on the client with the real service
// behind it: a fake that answers differently would make its users' tests lie.
#include <optional>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>

#include "services/chassis/testing/fake_environment.hpp"
#include "services/user/proto/client.hpp"
#include "services/user/proto/fake.hpp"
#include "services/user/user_service.hpp"

namespace user_service {
namespace {

using chassis::testing::FakeEnvironment;
using client::Users;

chassis::Config config() {
  chassis::Config config;
  config.name = config.instance = "user-service";
  config.ports = {{"http", 8081}, {"grpc", 9081}};
  config.database_url = "sqlite::memory:";
  config.calls["user-service"] = {"127.0.0.1:9081", std::chrono::seconds(2)};  // it is its own caller here
  return config;
}

// A Users with one known user, and the means to take what is behind it away.
class Subject {
 public:
  explicit Subject(bool fake) : world_(config()) {
    if (fake) {
      auto made = std::make_unique<client::FakeUsers>();
      made->known.insert(known = "ann");
      fake_ = made.get();
      users_ = std::move(made);
      return;
    }
    world_.start(run);
    known = world_.json("POST", "/v1/users", R"({"email":"a@b.cd","name":"A","password":"12345678"})").second["id"];
    users_ = client::connect(world_.env).value();
  }

  base::Result<user::v1::User> get(const std::string& id) {
    chassis::CallContext context;
    context.trace = chassis::continue_trace("", "", world_.random);
    context.request_id = "r";
    context.deadline = world_.clock.monotonic() + std::chrono::seconds(1);
    return world_.ask(users_->get(context, id)).value();
  }

  void take_away() {
    if (fake_ != nullptr) fake_->failure = base::fail(base::ErrorCode::unavailable, "user-service is not available");
    if (fake_ == nullptr) world_.stop();
  }

  std::string known;

 private:
  FakeEnvironment world_;
  client::FakeUsers* fake_ = nullptr;
  std::unique_ptr<Users> users_;
};

class UsersContract : public testing::TestWithParam<bool> {};

TEST_P(UsersContract, KnownUnknownAndUnavailable) {
  Subject subject(GetParam());
  const auto found = subject.get(subject.known);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found.value().id(), subject.known);
  const auto unknown = subject.get("nobody");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, base::ErrorCode::not_found);
  subject.take_away();
  const auto down = subject.get(subject.known);
  ASSERT_FALSE(down);
  EXPECT_EQ(down.error().code, base::ErrorCode::unavailable);
}

INSTANTIATE_TEST_SUITE_P(FakeAndReal, UsersContract, testing::Values(true, false));

}  // namespace
}  // namespace user_service
