#include "base/pact/xml/xml.hpp"

#include <gtest/gtest.h>

namespace base::pact {
namespace {

struct XmlCase {
  const char* name;
  const char* expected;
  const char* actual;
  const char* rules;  // of the body
  Direction direction;
  const char* path;  // of the first mismatch; null: none
};
class Xml : public testing::TestWithParam<XmlCase> {};

TEST_P(Xml, Compares) {
  const auto& one = GetParam();
  const auto body = [](const char* text) {
    return Body{Body::State::present, text, "application/xml", {}, Json::object()};
  };
  const auto rules = read_category(parse_json(one.rules).value(), "$", false).value();
  MatchOptions options;
  options.body_matchers.push_back(xml_matcher());
  const auto found = match_body(body(one.expected), body(one.actual), rules, one.direction, options);
  if (one.path == nullptr) {
    EXPECT_TRUE(found.empty()) << found[0].path << ": " << found[0].message;
  } else {
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(found[0].path, one.path) << found[0].message;
  }
}

constexpr auto request = Direction::request;
constexpr auto response = Direction::response;

INSTANTIATE_TEST_SUITE_P(
    All, Xml,
    testing::Values(XmlCase{"any_index_is_any_element", "<a><b x='1'/></a>", "<a><b x='2'/><b x='y'/></a>",
                            R"({"$.a":{"matchers":[{"match":"type","min":1}]},
                                "$.a[*].b['@x']":{"matchers":[{"match":"regex","regex":"\\d"}]}})",
                            request, "$.a.b.@x"},
                    XmlCase{"same", "<a x='1' y='2'><b/></a>",
                            "<?xml version='1.0'?>\n<a y=\"2\" x=\"1\">\n <b></b></a>", "{}", request, nullptr},
                    XmlCase{"attribute", "<a x='1'/>", "<a x='2'/>", "{}", response, "$.a.@x"},
                    XmlCase{"missing_attribute", "<a x='1'/>", "<a/>", "{}", response, "$.a.@x"},
                    XmlCase{"more_attributes", "<a/>", "<a x='1'/>", "{}", request, "$.a.@x"},
                    XmlCase{"more_attributes_are_fine", "<a/>", "<a x='1'/>", "{}", response, nullptr},
                    XmlCase{"text", "<a>x</a>", "<a>y</a>", "{}", response, "$.a.#text"},
                    XmlCase{"cdata", "<a>x&amp;y</a>", "<a><![CDATA[x&y]]></a>", "{}", request, nullptr},
                    XmlCase{"another_root", "<a/>", "<b/>", "{}", response, "$.a"},
                    XmlCase{"missing_child", "<a><b/></a>", "<a/>", "{}", response, "$.a.b"},
                    XmlCase{"more_children", "<a><b/></a>", "<a><b/><c/></a>", "{}", request, "$.a.c"},
                    XmlCase{"regex", "<a x='1'/>", "<a x='77'/>",
                            R"({"$.a.@x":{"matchers":[{"match":"regex","regex":"\\d+"}]}})", request, nullptr},
                    XmlCase{"regex_fails", "<a x='1'/>", "<a x='z'/>",
                            R"({"$.a.@x":{"matchers":[{"match":"regex","regex":"\\d+"}]}})", request, "$.a.@x"},
                    XmlCase{"text_rule", "<a>1</a>", "<a>2.5</a>", R"({"$.a.#text":{"matchers":[{"match":"number"}]}})",
                            request, nullptr},
                    XmlCase{"any_number", "<a><b>1</b></a>", "<a><b>1</b><b>2</b></a>",
                            R"({"$.a":{"matchers":[{"match":"type","min":1}]}})", request, nullptr},
                    XmlCase{"too_few", "<a><b/></a>", "<a/>", R"({"$.a":{"matchers":[{"match":"type","min":1}]}})",
                            request, "$.a"},
                    XmlCase{"texts_count", "<r><i>5</i></r>", "<r><i>1</i><i>2</i></r>",
                            R"({"$.r.i":{"matchers":[{"match":"type","min":1}]}})", response, nullptr},
                    XmlCase{"texts_count_up_to_the_most", "<r><i>5</i></r>", "<r><i>1<![CDATA[2]]></i></r>",
                            R"({"$.r.i":{"matchers":[{"match":"type","max":1}]}})", response, "$.r.i"},
                    XmlCase{"no_text", "<r><i>5</i></r>", "<r><i>1</i><i/></r>",
                            R"({"$.r.i":{"matchers":[{"match":"type","min":1}]}})", response, "$.r.i"},
                    XmlCase{"a_blank_text_counts", "<r><i>5</i></r>", "<r><i> </i></r>",
                            R"({"$.r.i":{"matchers":[{"match":"type","min":1}]}})", response, nullptr},
                    XmlCase{"white_space_between_elements_does_not", "<r><i/></r>", "<r>\n <i/> <!-- x -->\n</r>",
                            R"({"$.r":{"matchers":[{"match":"type","max":1}]}})", response, nullptr},
                    XmlCase{"another_name_under_a_type", "<a><b/></a>", "<a><b/><c/></a>",
                            R"({"$.a":{"matchers":[{"match":"type"}]}})", response, "$.a.c"},
                    XmlCase{"namespaces", "<p:a xmlns:p='urn:x' p:k='1'/>", "<q:a xmlns:q='urn:x' q:k='1'/>", "{}",
                            request, nullptr},
                    XmlCase{"other_namespace", "<a xmlns='urn:x'/>", "<a xmlns='urn:y'/>", "{}", response, "$.urn:x:a"},
                    XmlCase{"broken", "<a/>", "<a>", "{}", response, "$"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(XmlAttack, EntitiesAreNotExpandedAndDepthIsBounded) {
  const std::string bomb = R"(<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><a>&c;</a>)";
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "<a>";
  for (int i = 0; i < 10'000; ++i) deep += "</a>";
  MatchOptions options;
  options.body_matchers.push_back(xml_matcher());
  for (const auto& text : {bomb, deep}) {
    const Body body{Body::State::present, text, "text/xml", {}, Json::object()};
    EXPECT_LE(match_body(body, body, {}, Direction::request, options).size(), max_mismatches);
  }
}

}  // namespace
}  // namespace base::pact
