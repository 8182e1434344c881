#include "cli/contract/descriptors.hpp"

#include <gtest/gtest.h>

namespace contract {
namespace {

using base::Json;

const Json document = base::parse_json(R"({"files": [{
  "enums": [{"full_name": "a.Kind", "values": [{"name": "KIND_NONE", "number": 0}, {"name": "KIND_BIG", "number": 1}]}],
  "messages": [{"full_name": "a.Item", "fields": [
      {"name": "sku", "type": "string", "presence": "implicit"},
      {"name": "count", "type": "int64", "presence": "implicit"}]},
    {"full_name": "a.Order", "fields": [
      {"name": "id", "type": "string", "presence": "implicit"},
      {"name": "paid", "type": "bool", "presence": "implicit"},
      {"name": "kind", "type": "enum", "type_name": "a.Kind", "presence": "implicit"},
      {"name": "note", "type": "string", "presence": "explicit"},
      {"name": "first", "type": "message", "type_name": "a.Item", "presence": "explicit"},
      {"name": "items", "type": "message", "type_name": "a.Item", "presence": "repeated"},
      {"name": "by_sku", "presence": "repeated", "map": {"key": "string", "value": "message", "value_type_name": "a.Item"}}
    ]}],
  "services": [{"methods": [{"path": "a.Orders/Get", "input": "a.Id", "output": "a.Order"}]}]}]})")
                          .value();

TEST(Descriptors, FindAMethodAlsoWithoutItsPackage) {
  const Descriptors descriptors(document);
  for (const char* name : {"a.Orders/Get", "Orders/Get"}) {
    ASSERT_TRUE(descriptors.method(name)) << name;
    EXPECT_EQ(descriptors.method(name)->output, "a.Order");
  }
  for (const char* name : {"rders/Get", "b.Orders/Get", "Orders/Put", "Get"})
    EXPECT_FALSE(descriptors.method(name)) << name;
  EXPECT_FALSE(Descriptors(Json::object()).method("a.Orders/Get"));
}

TEST(Descriptors, LeaveWhatWasNotSaidAway) {
  const Descriptors descriptors(document);
  const auto said = [&](const char* text) {
    return descriptors.only_said("a.Order", base::parse_json(text).value()).dump();
  };
  EXPECT_EQ(said(R"({"id":"","paid":false,"kind":"KIND_NONE","items":[],"by_sku":{}})"), "{}");
  EXPECT_EQ(said(R"({"id":"1","paid":true,"kind":"KIND_BIG","note":"","first":{"sku":"","count":0}})"),
            R"({"id":"1","paid":true,"kind":"KIND_BIG","note":"","first":{}})");
  EXPECT_EQ(said(R"({"items":[{"sku":"A","count":0},{"sku":"","count":0}],"by_sku":{"A":{"sku":"","count":2}}})"),
            R"({"items":[{"sku":"A"},{}],"by_sku":{"A":{"count":2}}})");
  EXPECT_EQ(descriptors.only_said("a.Unknown", Json{{"x", ""}}).dump(), R"({"x":""})");
}

}  // namespace
}  // namespace contract
