#include "cli/render/yaml_text.hpp"

#include <gtest/gtest.h>

#include "supervisor/spec/yaml.hpp"

namespace render {
namespace {

using base::Json;

// Texts that some YAML reader takes for something else when they stand without quotes.
const std::vector<std::string>& hostile() {
  static const std::vector<std::string> all{"",
                                            " ",
                                            "yes",
                                            "No",
                                            "on",
                                            "y",
                                            "~",
                                            "null",
                                            "NULL",
                                            "true",
                                            "012",
                                            "0x1f",
                                            "0o17",
                                            "1e3",
                                            "1_000",
                                            "12:30:45",
                                            ".5",
                                            "+1",
                                            "-1",
                                            ".inf",
                                            "nan",
                                            "2026-01-02",
                                            "=",
                                            "<<",
                                            "---",
                                            "...",
                                            "- x",
                                            "a: b",
                                            "a:",
                                            "a #b",
                                            "#a",
                                            "a\tb",
                                            "\ta",
                                            "a\rb",
                                            "a\r\nb",
                                            "a\nb",
                                            "a\nb\n",
                                            "a\nb\n\n",
                                            "\na",
                                            " a\nb",
                                            "a \nb",
                                            "a\n  b",
                                            "a\n\nb",
                                            "a\n---\nb",
                                            "a\n# b",
                                            "trailing ",
                                            "a  b",
                                            "${x}",
                                            "{{x}}",
                                            "%a",
                                            "@a",
                                            "`a`",
                                            "&a",
                                            "*a",
                                            "!a",
                                            "|",
                                            ">",
                                            "'a'",
                                            "\"a\"",
                                            "a\\b",
                                            "[a]",
                                            "{a: b}",
                                            "a, b",
                                            "?",
                                            "? a",
                                            "http://a:1/b?c=d&e",
                                            "\xF0\x9F\x98\x80",
                                            "\xC3\xA9",
                                            "\xC2\x85",
                                            "a\xC2\x85"
                                            "b",
                                            "\xE2\x80\xA8",
                                            "\xEF\xBB\xBF"
                                            "a",
                                            "\x01\x1B[31m",
                                            "\x7F"};
  return all;
}

TEST(YamlText, our_own_reader_gives_back_every_text_as_value_key_and_item) {
  for (const auto& text : hostile()) {
    const Json value{
        {"value", text}, {text, 1}, {"list", {text, Json::array({text})}}, {"deep", {{"er", {{text, text}}}}}};
    const std::string written = yaml_text(value);
    const auto read = spec::parse_yaml(written, "test");
    ASSERT_TRUE(read) << read.error().message << "\n" << written;
    EXPECT_EQ(read.value().value, value) << written;
  }
}

TEST(YamlText, keeps_the_order_of_keys_and_writes_what_people_read) {
  const Json value{{"kind", "Service"},
                   {"a", {{"z", 1}, {"y", true}}},
                   {"list", {{{"name", "http"}, {"port", 80}}, "x"}},
                   {"empty", Json::object()},
                   {"none", Json::array()},
                   {"nothing", nullptr},
                   {"script", "one\ntwo\n"},
                   {"tag", "1.4.0"}};
  EXPECT_EQ(yaml_text(value), R"(kind: Service
a:
  z: 1
  "y": true
list:
  - name: http
    port: 80
  - x
empty: {}
none: []
nothing: null
script: |
  one
  two
tag: "1.4.0"
)");
}

TEST(YamlText, numbers_stay_numbers_for_readers_of_1_1) {
  EXPECT_EQ(yaml_text(Json{{"a", 1e20}}), "a: 1.0e+20\n");
  EXPECT_EQ(yaml_text(Json{{"a", 0.5}}), "a: 0.5\n");
  EXPECT_EQ(yaml_text(Json{{"a", -3}}), "a: -3\n");
}

TEST(YamlText, documents_stand_apart) {
  EXPECT_EQ(yaml_text(std::vector<Json>{Json{{"a", 1}}, Json{{"b", 2}}}), "a: 1\n---\nb: 2\n");
}

TEST(YamlText, bytes_that_are_no_utf8_are_replaced) {
  const auto read = spec::parse_yaml(yaml_text(Json{{"a", "x\xFF\xC3"}}), "test");
  ASSERT_TRUE(read);
  EXPECT_EQ(read.value().value["a"], "x\xEF\xBF\xBD\xEF\xBF\xBD");
}

}  // namespace
}  // namespace render
