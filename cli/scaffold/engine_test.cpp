#include "cli/scaffold/engine.hpp"

#include <gtest/gtest.h>

namespace scaffold {
namespace {

const base::Json& data() {
  static const base::Json made = base::parse_json(R"({
    "name": "a<b>&\"c\"", "yes": true, "no": false, "words": ["x", "y"], "none": [],
    "calls": [{"service": "user"}, {"service": "order"}]})")
                                     .value();
  return made;
}

std::string rendered(const std::string& text) { return render("f", text, data()).value(); }

std::string error_of(const std::string& text) {
  const auto checked = check_template("f", text, {"name", "yes", "no", "words", "none", "calls", "service"});
  return checked ? "" : checked.error().message;
}

TEST(Render, puts_in_text_as_it_is) {
  EXPECT_EQ(rendered("<{{name}}> {{ name }} {{{name}}} {{&name}}"), "<a<b>&\"c\"> a<b>&\"c\" a<b>&\"c\" a<b>&\"c\"");
}

TEST(Render, knows_sections_lists_and_comments) {
  EXPECT_EQ(rendered("{{#yes}}1{{/yes}}{{#no}}2{{/no}}{{^no}}3{{/no}}{{^none}}4{{/none}}{{! not shown }}"), "134");
  EXPECT_EQ(rendered("{{#words}}[{{.}}]{{/words}}"), "[x][y]");
  EXPECT_EQ(rendered("{{#calls}}{{service}} {{#yes}}{{no}}{{/yes}};{{/calls}}"), "user false;order false;");
}

TEST(Render, a_tag_alone_on_its_line_takes_the_line) {
  EXPECT_EQ(rendered("a\n{{#no}}\nb\n{{/no}}\nc\n"), "a\nc\n");
  EXPECT_EQ(rendered("a\n  {{#words}}\n  {{.}}\n  {{/words}}\n\nb"), "a\n  x\n  y\n\nb");
  EXPECT_EQ(rendered("a\r\n{{#yes}}\r\nb\r\n{{/yes}}"), "a\r\nb\r\n");
  EXPECT_EQ(rendered("a\n{{! note }}\nb {{! note }}\n"), "a\nb \n");
  EXPECT_EQ(rendered("{{#words}}{{#yes}}{{.}}{{/yes}}{{/words}}"), "truetrue");
}

TEST(Render, can_leave_braces_alone) {
  EXPECT_EQ(rendered("{{=<% %>=}}\n{{x, 1}, {y}} <%#yes%>ok<%/yes%>\n"), "{{x, 1}, {y}} ok\n");
}

TEST(Render, does_not_render_what_was_put_in) {
  EXPECT_EQ(render("f", "{{a}}", base::Json{{"a", "{{b}}"}, {"b", "x"}}).value(), "{{b}}");
}

TEST(Render, a_name_that_is_not_there_is_an_error) {
  for (const char* text : {"{{nmae}}", "{{#nmae}}{{/nmae}}", "{{^nmae}}{{/nmae}}", "{{service}}", "{{words}}"}) {
    const auto made = render("f", text, data());
    ASSERT_FALSE(made) << text;
    EXPECT_EQ(made.error().code, base::ErrorCode::invalid);
  }
}

TEST(Render, a_template_cannot_take_all_time_or_memory) {
  base::Json many{{"l", base::Json::array()}};
  for (int i = 0; i < 20; ++i) many["l"].push_back("x");
  std::string open;
  std::string close;
  for (int i = 0; i < 10; ++i) open += "{{#l}}", close += "{{/l}}";
  EXPECT_FALSE(render("f", open + "text" + close, many));
  EXPECT_FALSE(render("f", open + close, many));
  for (int i = 0; i < 40'000; ++i) open += "{{#l}}", close += "{{/l}}";
  EXPECT_FALSE(check_template("f", open + close, {"l"}));
}

TEST(CheckTemplate, finds_mistakes_with_their_line) {
  EXPECT_EQ(error_of("{{name}}\n{{#calls}}{{service}}{{/calls}}{{#words}}{{.}}{{/words}}"), "");
  EXPECT_EQ(error_of("a\n\n{{#no}}{{nmae}}{{/no}}"), "f:3: there is no variable \"nmae\"");
  EXPECT_EQ(error_of("a\n{{name"), "f:2: the tag is not closed with }}");
  EXPECT_EQ(error_of("a\n{{#yes}}\nb"), "f:2: the section yes is not closed");
  EXPECT_EQ(error_of("{{#yes}}{{#no}}{{/yes}}{{/no}}"), "f:1: {{/yes}} closes no section that is open here");
  EXPECT_EQ(error_of("{{/yes}}"), "f:1: {{/yes}} closes no section that is open here");
  EXPECT_EQ(error_of("{{> other}}"), "f:1: partials ({{> …}}) are not supported");
  EXPECT_EQ(error_of("{{=<% =}}"), "f:1: expected new delimiters, such as {{=<% %>=}}");
  EXPECT_EQ(error_of("{{=<% %>=}}\n{{nmae}} <%name%>\n<%nmae%>"), "f:3: there is no variable \"nmae\"");
}

}  // namespace
}  // namespace scaffold
