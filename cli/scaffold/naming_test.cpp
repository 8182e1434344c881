#include "cli/scaffold/naming.hpp"

#include <gtest/gtest.h>

namespace scaffold {
namespace {

TEST(ServiceName, has_the_forms_that_code_needs) {
  const auto one = service_name("stock-keeping-service", {}).value();
  EXPECT_EQ(one.name, "stock-keeping-service");
  EXPECT_EQ(one.stem, "stock-keeping");
  EXPECT_EQ(one.ident, "stock_keeping");
  EXPECT_EQ(one.cpp_namespace, "stock_keeping_service");
  EXPECT_EQ(one.camel, "StockKeeping");
  EXPECT_EQ(service_name("billing", {}).value().stem, "billing");
  EXPECT_EQ(service_name("a", {}).value().camel, "A");
}

TEST(ClusterName, may_be_any_label) {
  EXPECT_EQ(cluster_name("new").value().name, "new");
  EXPECT_FALSE(cluster_name("a b"));
  EXPECT_FALSE(cluster_name("../a"));
}

class Refused : public testing::TestWithParam<std::string> {};

TEST_P(Refused, as_a_service) {
  const auto made = service_name(GetParam(), {"up", "user", "order-service"});
  ASSERT_FALSE(made) << GetParam();
  EXPECT_EQ(made.error().code, base::ErrorCode::invalid);
  EXPECT_EQ(made.error().message.find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Names, Refused,
                         testing::Values("", "-", "a-", "-a", "a--b", "A", "a_b", "a.b", "1a", "../a", "/etc/passwd",
                                         "a/b", "a b", "a\nb", "a\x1b[31m", "{{a}}", "a\"", "a'", "a\\b", "$(id)",
                                         "a$b", "ä", std::string(41, 'a'), std::string("a\0b", 3), "class",
                                         "class-service", "co-await", "std", "base", "chassis", "msctl", "rpc",
                                         "message", "google", "test", "all", "user", "user-service", "order-service",
                                         "up", "edit-cache", "workspace"));

TEST(ResourceName, has_the_forms_that_code_needs) {
  const auto one = resource_name("line_item").value();
  EXPECT_EQ(one.snake, "line_item");
  EXPECT_EQ(one.snake_plural, "line_items");
  EXPECT_EQ(one.camel, "LineItem");
  EXPECT_EQ(one.camel_plural, "LineItems");
  EXPECT_EQ(one.words_plural, "line items");
  EXPECT_EQ(one.path, "line-items");
  EXPECT_EQ(resource_name("entry").value().path, "entries");
  EXPECT_EQ(resource_name("survey").value().path, "surveys");
  EXPECT_EQ(resource_name("box").value().path, "boxes");
  EXPECT_EQ(resource_name("invoice").value().article, "an");
  for (const char* bad : {"", "request", "class", "new", "Invoice", "a/b", "in voice", "{{x}}", "std", "_a", "a_"}) {
    EXPECT_FALSE(resource_name(bad)) << bad;
  }
}

TEST(ResourceName, follows_from_the_service) {
  EXPECT_EQ(default_resource("invoices"), "invoice");
  EXPECT_EQ(default_resource("billing"), "billing");
  EXPECT_EQ(default_resource("address"), "address");
  EXPECT_EQ(default_resource("status"), "status");
  EXPECT_EQ(default_resource("news"), "item");  // `new` is C++'s
  EXPECT_EQ(default_resource("events"), "item");
}

TEST(EventName, is_words_with_dots) {
  const auto one = event_name("invoice.line_item.created").value();
  EXPECT_EQ(one.snake, "invoice_line_item_created");
  EXPECT_EQ(one.camel, "InvoiceLineItemCreated");
  for (const char* bad : {"", "invoice", ".a", "a.", "a..b", "a.b.c.d", "A.b", "a.b c", "a.{{b}}", "a.b\n", "a/b.c",
                          "a.1", "a.*", "a.>", "_a.b", "a_.b", "a.b_", "a\".b"}) {
    EXPECT_FALSE(event_name(bad)) << bad;
  }
}

TEST(CheckText, lets_nothing_through_that_leaves_a_string) {
  EXPECT_TRUE(check_text("title", "Billing: invoices & receipts, ½ price (100 %) #1"));
  for (const std::string bad :
       {"a\"b", "a'b", "a`b", "a\\b", "{{a}}", "}}", "$(id)", "${x}", "a\nb", "a\tb", "a\x7f", "\xff", "*/", "<!--"}) {
    const auto checked = check_text("title", bad);
    ASSERT_FALSE(checked) << bad;
    EXPECT_TRUE(checked.error().message.starts_with("title ")) << checked.error().message;
  }
  EXPECT_FALSE(check_text("title", std::string(201, 'a')));
}

TEST(AsLabel, takes_what_it_can) {
  EXPECT_EQ(as_label("My Shop (2)"), "my-shop-2");
  EXPECT_EQ(as_label("2024"), "");
  EXPECT_EQ(as_label("___"), "");
  EXPECT_EQ(as_label(std::string(60, 'x')).size(), 40U);
}

}  // namespace
}  // namespace scaffold
