#include "cli/render/template.hpp"

#include <gtest/gtest.h>

#include "supervisor/spec/yaml.hpp"

namespace render {
namespace {

using base::Json;

const Json& model() {
  static const Json value{{"name", "web"},
                          {"count", 3},
                          {"on", true},
                          {"nothing", nullptr},
                          {"ports", {{{"name", "http"}, {"number", 80}}, {{"name", "grpc"}, {"number", 90}}}},
                          {"env", {{"A", "1"}, {"B", "${name}"}}},
                          {"hostile", "x}: ${name} \n- {{y}}"}};
  return value;
}

Json parsed(const std::string& yaml) {
  auto document = spec::parse_yaml(yaml, "test");
  EXPECT_TRUE(document) << document.error().message;
  return document ? document.value().value : Json();
}

Json filled(const std::string& yaml) {
  const Scope scope(model());
  auto value = fill_in(parsed(yaml), scope);
  EXPECT_TRUE(value) << value.error().message;
  return value ? value.value() : Json();
}

// "POINTER: MESSAGE"
std::string mistake(const std::string& yaml) {
  const Scope scope(model());
  const auto value = fill_in(parsed(yaml), scope);
  if (value) return "none: " + value.value().dump();
  return value.error().fields.front().field + ": " + value.error().message;
}

TEST(Expression, values_and_operators) {
  const Scope scope(model());
  const std::vector<std::pair<std::string, Json>> cases{{"name", "web"},
                                                        {"ports[1].number", 90},
                                                        {"ports[-1]['name']", "grpc"},
                                                        {"count + 1 - 2", 2},
                                                        {"'a' + 'b'", "ab"},
                                                        {"1.5 + 1", 2.5},
                                                        {"name == 'web' && count >= 3", true},
                                                        {"!on || count != 3", false},
                                                        {"nothing == null", true},
                                                        {"nothing != null && nothing.x == 1", false},
                                                        {"on || nothing.x.y", true},
                                                        {"'A' in env", true},
                                                        {"3 in [1]", Json()},
                                                        {"'we' in name", true},
                                                        {"len(ports) > 1", true},
                                                        {"str(count) + name", "3web"},
                                                        {"(count - 1) < count", true},
                                                        {"join(ports, 'x')", Json()}};
  for (const auto& [text, wanted] : cases) {
    const auto value = evaluate(text, scope);
    if (wanted.is_null()) {
      EXPECT_FALSE(value) << text;
    } else {
      ASSERT_TRUE(value) << text << ": " << value.error().message;
      EXPECT_EQ(value.value(), wanted) << text;
    }
  }
}

TEST(Expression, what_is_not_known_is_an_error) {
  const Scope scope(model());
  EXPECT_EQ(evaluate("nmae", scope).error().message, "unknown variable \"nmae\"; did you mean \"name\"?");
  EXPECT_EQ(evaluate("ports[0].numbr", scope).error().message, "unknown property \"numbr\"; did you mean \"number\"?");
  EXPECT_EQ(evaluate("nothing.x", scope).error().message, "\"x\" was asked of nothing");
  for (const char* text : {"", "1 +", "name name", "ports[9]", "(1", "'a", "1 < 'a'", "env - 1", "f(1)", "a..b", "!"}) {
    EXPECT_FALSE(evaluate(text, scope)) << text;
  }
  EXPECT_FALSE(evaluate(std::string(10'000, '('), scope));
  EXPECT_FALSE(evaluate(std::string(10'000, '!') + "on", scope));
}

TEST(Template, puts_values_in) {
  EXPECT_EQ(filled("{a: '${name}-${count}', '${name}': {$eval: 'ports[0]'}}"),
            (Json{{"a", "web-3"}, {"web", {{"name", "http"}, {"number", 80}}}}));
  EXPECT_EQ(filled("{a: {$if: on, then: 1}, b: {$if: '!on', then: 1}, c: [{$if: '!on', then: 1}, 2]}"),
            (Json{{"a", 1}, {"c", {2}}}));
  EXPECT_EQ(filled("{$map: {$eval: ports}, 'each(p, i)': '${i}:${p.name}'}"), (Json{"0:http", "1:grpc"}));
  EXPECT_EQ(filled("{$map: {$eval: env}, each(e): {'${e.key}_': {$eval: e.val}}}"),
            (Json{{"A_", "1"}, {"B_", "${name}"}}));
  EXPECT_EQ(filled("{$merge: [{a: 1, b: 1}, {b: 2}]}"), (Json{{"a", 1}, {"b", 2}}));
  EXPECT_EQ(filled("{$flatten: [[1], 2, [3, 4]]}"), (Json{1, 2, 3, 4}));
  EXPECT_EQ(filled("{$let: {x: '${name}!'}, in: {$eval: x}}"), "web!");
  EXPECT_EQ(filled("{$json: {a: {$eval: count}}}"), "{\"a\":3}");
  EXPECT_EQ(filled("{a: '$${name}', $$eval: 1}"), (Json{{"a", "${name}"}, {"$eval", 1}}));
}

TEST(Template, a_value_stays_a_value) {
  EXPECT_EQ(filled("{a: {$eval: hostile}, b: 'x ${hostile}', c: {$eval: env.B}}"),
            (Json{{"a", model()["hostile"]}, {"b", "x " + model()["hostile"].get<std::string>()}, {"c", "${name}"}}));
}

TEST(Template, names_the_place_of_a_mistake) {
  EXPECT_EQ(mistake("{a: [{b: '${nmae}'}]}"), "/a/0/b: unknown variable \"nmae\"; did you mean \"name\"?");
  EXPECT_EQ(mistake("{a: {$if: x}}").substr(0, 8), "/a/$if: ");
  EXPECT_EQ(mistake("{a: '${env}'}"), "/a: a text takes a text, a number or a boolean, got object");
  EXPECT_EQ(mistake("{a: '${nothing}'}"), "/a: a text takes a text, a number or a boolean, got null");
  EXPECT_EQ(mistake("{$evil: 1}").substr(0, 30), "/$evil: unknown operator $evil");
  EXPECT_EQ(mistake("{$eval: name, b: 1}"), "/b: \"b\" does not belong to $eval");
  EXPECT_EQ(mistake("{a: 1, '${\"a\"}': 2}"), "/${\"a\"}: the key \"a\" occurs twice");
  EXPECT_EQ(mistake("{a: '${name'}").substr(0, 4), "/a: ");
}

}  // namespace
}  // namespace render
