#include "cli/scaffold/variables.hpp"

#include <gtest/gtest.h>

namespace scaffold {
namespace {

Template cpp_service() {
  Template made;
  made.name = "cpp-service";
  made.parameters = {{"resource", "x", {}, "", {}, false, false},
                     {"db", "x", "sqlite", "", {"sqlite", "postgres", "none"}, false, false},
                     {"publishes", "x", {}, "", {}, true, false},
                     {"consumes", "x", {}, "", {}, true, false},
                     {"calls", "x", {}, "", {}, true, false},
                     {"port", "x", {}, "", {}, false, false},
                     {"grpc_port", "x", {}, "", {}, false, false},
                     {"owner", "Who", "nobody", "[a-z-]+", {}, false, false}};
  return made;
}

Facts facts() {
  Facts made;
  made.services = {"nats", "user-service", "gateway"};
  made.clients["user-service"] = {"user", "user_service", true};
  made.ports = {8080, 8101, 9102};
  made.edge = "http://127.0.0.1:8080";
  made.command = "msctl";
  made.has_broker = true;
  return made;
}

const ServiceName& billing() {
  static const ServiceName name = service_name("billing-service", {}).value();
  return name;
}

base::Result<base::Json> variables(const Values& given, const Facts& around = facts()) {
  const auto made = cpp_service();
  TRY(const auto values, complete(made, billing(), given, around));
  return service_variables(made, billing(), values, around);
}

TEST(Complete, has_a_default_for_everything) {
  const auto values = complete(cpp_service(), billing(), {}, facts()).value();
  EXPECT_EQ(values.at("resource"), std::vector<std::string>{"billing"});
  EXPECT_EQ(values.at("db"), std::vector<std::string>{"sqlite"});
  EXPECT_EQ(values.at("port"), std::vector<std::string>{"8103"}) << "8101 and 9102 are taken";
  EXPECT_EQ(values.at("grpc_port"), std::vector<std::string>{"9103"});
  EXPECT_TRUE(values.at("calls").empty());
}

TEST(Complete, a_services_own_ports_are_free_for_it) {
  const Values given{{"port", {"8080"}}};
  EXPECT_FALSE(complete(cpp_service(), billing(), given, facts()));
  EXPECT_TRUE(complete(cpp_service(), billing(), given, facts(), {8080}));
}

TEST(Complete, a_port_is_written_as_a_number_is) {
  EXPECT_EQ(complete(cpp_service(), billing(), {{"port", {"08103"}}}, facts()).value().at("port"),
            std::vector<std::string>{"8103"});
}

TEST(Complete, the_highest_port_has_a_partner) {
  const auto values = complete(cpp_service(), billing(), {{"port", {"65535"}}}, facts()).value();
  EXPECT_EQ(values.at("grpc_port"), std::vector<std::string>{"9101"});
}

class Hostile : public testing::TestWithParam<std::string> {};

TEST_P(Hostile, is_refused_in_every_field) {
  for (const auto& parameter : cpp_service().parameters) {
    const auto made = complete(cpp_service(), billing(), {{parameter.name, {GetParam()}}}, facts());
    EXPECT_FALSE(made && variables({{parameter.name, {GetParam()}}})) << parameter.name << " took " << GetParam();
    if (!made) {
      EXPECT_EQ(made.error().code, base::ErrorCode::invalid);
    }
  }
  EXPECT_FALSE(complete(cpp_service(), billing(), {{GetParam(), {"x"}}}, facts()));
}

INSTANTIATE_TEST_SUITE_P(Values, Hostile,
                         testing::Values("../x", "/etc/passwd", "a\nb", "{{name}}", "a\"b", "a'b", "a\\b", "$(id)",
                                         "${X}", "`id`", "a\x1b[0m", "*/", std::string(300, 'x'),
                                         std::string("a\0b", 3), "\xff"));

TEST(Variables, follow_from_the_answers) {
  const auto data = variables({{"resource", {"invoice"}},
                               {"publishes", {"invoice.created", "invoice.paid"}},
                               {"consumes", {"order.placed"}},
                               {"calls", {"user-service"}}})
                        .value();
  EXPECT_EQ(data["namespace"], "billing_service");
  EXPECT_EQ(data["a_resource"], "an invoice");
  EXPECT_EQ(data["edge"], "http://127.0.0.1:8080/api");
  EXPECT_EQ(data["publishes"][0]["Event"], "InvoiceCreated");
  EXPECT_EQ(data["publishes"][0]["is_last"], false);
  EXPECT_EQ(data["publishes"][1]["is_last"], true);
  EXPECT_EQ(data["calls"][0]["ident"], "user");
  EXPECT_EQ(data["calls"][0]["ping"], true);
  EXPECT_EQ(data["calls"][0]["Called"], "User");
  EXPECT_EQ(data["pings"].size(), 1U);
  EXPECT_EQ(data["database"], true);
  EXPECT_EQ(data["postgres"], false);
  EXPECT_EQ(data["owner"], "nobody");
  const auto known = known_variables(cpp_service());
  for (const auto& [name, value] : data.items()) EXPECT_TRUE(known.contains(name)) << name;
}

TEST(Variables, of_consumed_events_have_their_schemas_and_an_example_of_the_newest) {
  Facts around = facts();
  add_event_schema(around.schemas, {"order.placed", 1,
                                    R"({"$id": "urn:msctl:event:order.placed:1"})"
                                    "\n"});
  add_event_schema(around.schemas,
                   {"order.placed", 2, R"({"$id": "urn:msctl:event:order.placed:2", "required": ["n"]})"});
  const auto data = variables({{"consumes", {"order.placed", "a.b"}}}, around).value();
  EXPECT_EQ(data["consumes"][0]["schema_version"], "2");
  EXPECT_EQ(data["consumes"][0]["event_example"], R"({"n":"x"})");
  EXPECT_EQ(data["consumes"][1]["event_example"], "{}") << "of which nothing is known";
  ASSERT_EQ(data["consumed_schemas"].size(), 3U);
  EXPECT_EQ(data["consumed_schemas"][0]["schema_text"], R"({"$id": "urn:msctl:event:order.placed:1"})");
  EXPECT_EQ(data["consumed_schemas"][2]["event"], "a.b");
  const auto known = known_variables(cpp_service());
  for (const auto& [name, value] : data["consumed_schemas"][0].items()) EXPECT_TRUE(known.contains(name)) << name;
}

TEST(Variables, the_ledger_comes_behind_every_other_migration) {
  const auto number = [](const Values& given) { return variables(given).value()["ledger_migration"]; };
  EXPECT_EQ(number({}), "002");
  EXPECT_EQ(number({{"consumes", {"a.b"}}}), "003");
  EXPECT_EQ(number({{"publishes", {"a.b"}}}), "004");
  EXPECT_EQ(number({{"publishes", {"a.b"}}, {"consumes", {"a.b"}}}), "005");
}

std::string error_of(const Values& given, const Facts& around = facts()) {
  const auto made = variables(given, around);
  return made ? "" : made.error().message;
}

TEST(Variables, contradictions_are_refused_with_what_to_do) {
  EXPECT_NE(error_of({{"db", {"none"}}, {"publishes", {"a.b"}}}).find("--db sqlite"), std::string::npos);
  EXPECT_NE(error_of({{"db", {"none"}}, {"consumes", {"a.b"}}}).find("--db sqlite"), std::string::npos);
  EXPECT_NE(error_of({{"calls", {"gateway"}}}).find("publishes no C++ client"), std::string::npos);
  EXPECT_NE(error_of({{"calls", {"nobody"}}}).find("no such service"), std::string::npos);
  EXPECT_NE(error_of({{"calls", {"user-service", "user-service"}}}).find("twice"), std::string::npos);
  EXPECT_NE(error_of({{"db", {"mysql"}}}).find("sqlite, postgres or none, not mysql"), std::string::npos);
  EXPECT_NE(error_of({{"owner", {"Ann"}}}).find("must match [a-z-]+"), std::string::npos);
  EXPECT_NE(error_of({{"publishes", {"list.billings.request"}}}).find("its message would be called"),
            std::string::npos);
  EXPECT_NE(error_of({{"db", {"sqlite", "none"}}}).find("more than once"), std::string::npos);
  EXPECT_NE(error_of({{"publishes", {"a.b_c", "a_b.c"}}}).find("as it calls a.b_c"), std::string::npos);
  EXPECT_NE(error_of({{"publishes", {"a.b_c"}}, {"consumes", {"a_b.c"}}}).find("as it calls a.b_c"), std::string::npos);
  EXPECT_EQ(error_of({{"publishes", {"a.b"}}, {"consumes", {"a.b"}}}), "");
  Facts alone = facts();
  alone.has_broker = false;
  EXPECT_NE(error_of({{"publishes", {"a.b"}}}, alone).find("need a broker"), std::string::npos);
}

}  // namespace
}  // namespace scaffold
