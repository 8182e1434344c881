#include "supervisor/control/wire.hpp"

#include <gtest/gtest.h>

namespace control {
namespace {

TEST(Wire, service_survives_the_way_there_and_back) {
  ServiceView view;
  view.name = "web";
  view.state = "ready";
  view.pid = 17;
  view.restarts = 2;
  view.uptime_s = 1.26;
  view.ports = {{"http", 8080}};
  view.reason = "answers";
  view.log_from = 5'000'000'000;
  const auto back = service_view(to_json(view));
  ASSERT_TRUE(back);
  EXPECT_EQ(back.value().name, "web");
  EXPECT_EQ(back.value().pid, 17);
  EXPECT_EQ(back.value().restarts, 2);
  EXPECT_DOUBLE_EQ(back.value().uptime_s, 1.3);
  EXPECT_EQ(back.value().ports.at("http"), 8080);
  EXPECT_EQ(back.value().log_from, 5'000'000'000U);
}

TEST(Wire, no_process_is_null) {
  ServiceView view;
  EXPECT_TRUE(to_json(view)["pid"].is_null());
  EXPECT_FALSE(service_view(to_json(view)).value().pid);
}

TEST(Wire, missing_key_is_an_error_not_an_exception) {
  const auto read = event_view(base::Json{{"seq", 1}});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, base::ErrorCode::malformed);
}

TEST(Wire, error_keeps_code_and_message) {
  const auto back = error_from(error_json(base::fail(base::ErrorCode::not_found, "no service `x`")));
  EXPECT_EQ(back.code, base::ErrorCode::not_found);
  EXPECT_EQ(back.message, "no service `x`");
  EXPECT_EQ(error_from(base::Json::array()).code, base::ErrorCode::internal);
}

TEST(Wire, numbers_out_of_bounds_are_refused) {
  for (const char* number : {"1e300", "1.5", "-3000000000", "3000000000", "99999999999999999999", "\"1\"", "null"}) {
    const auto json = base::parse_json(std::string(R"({"scale":{"a":)") + number + "}}");
    ASSERT_TRUE(json) << number;
    EXPECT_FALSE(up_request(json.value())) << number;
  }
  EXPECT_EQ(up_request(base::Json::parse(R"({"scale":{"a":2}})")).value().scale.at("a"), 2);
  EXPECT_FALSE(up_request(base::Json::parse(R"({"scale":[["a",2]]})")));
}

}  // namespace
}  // namespace control
