#include "cli/scaffold/update.hpp"

#include <gtest/gtest.h>

#include "cli/scaffold/answers.hpp"

namespace scaffold {
namespace {

using Tree = files::Tree;

base::Result<files::Merge> joins(const std::string& mine, const std::string& /*base*/, const std::string& theirs) {
  if (mine.find('\0') != std::string::npos) return base::fail(base::ErrorCode::invalid, "binary");
  return files::Merge{mine + "|" + theirs, mine.find("same") == std::string::npos ? 0 : 1};
}

std::string fates(const UpdatePlan& plan) {
  std::string text;
  for (const auto& one : plan.fates) text += std::string(word(one.fate)) + " " + one.path + "\n";
  return text;
}

UpdatePlan plan(const Tree& base, const Tree& mine, const Tree& theirs) {
  return plan_update(base, mine, theirs, joins).value();
}

TEST(PlanUpdate, every_case) {
  const Tree base{{"a_same", {"1"}}, {"b_new", {"1"}},     {"c_mine", {"1"}},    {"d_both", {"1"}},
                  {"e_same", {"1"}}, {"f_deleted", {"1"}}, {"g_deleted", {"1"}}, {"h_gone", {"1"}},
                  {"i_gone", {"1"}}, {"j_gone", {"1"}},    {"n_equal", {"1"}}};
  const Tree mine{{"a_same", {"1"}}, {"b_new", {"1"}},  {"c_mine", {"2"}},  {"d_both", {"2"}},  {"e_same", {"same"}},
                  {"h_gone", {"1"}}, {"i_gone", {"2"}}, {"l_fresh", {"2"}}, {"m_fresh", {"3"}}, {"n_equal", {"3"}}};
  const Tree theirs{{"a_same", {"1"}},  {"b_new", {"3"}},     {"c_mine", {"1"}},    {"d_both", {"3"}},
                    {"e_same", {"3"}},  {"f_deleted", {"3"}}, {"g_deleted", {"1"}}, {"k_fresh", {"3"}},
                    {"l_fresh", {"3"}}, {"m_fresh", {"3"}},   {"n_equal", {"3"}}};
  const auto made = plan(base, mine, theirs);
  EXPECT_EQ(fates(made),
            "IDENTICAL a_same\nUPDATE b_new\nIDENTICAL c_mine\nMERGE d_both\nCONFLICT e_same\nSTAYS DELETED f_deleted\n"
            "IDENTICAL g_deleted\nREMOVE h_gone\nKEEP i_gone\nIDENTICAL j_gone\nCREATE k_fresh\nIN THE WAY l_fresh\n"
            "IDENTICAL m_fresh\nIDENTICAL n_equal\n");
  EXPECT_EQ(made.write.at("b_new").content, "3");
  EXPECT_EQ(made.write.at("d_both").content, "2|3");
  EXPECT_EQ(made.write.at("k_fresh").content, "3");
  EXPECT_EQ(made.write.size(), 4U);
  EXPECT_EQ(made.remove, std::vector<std::string>{"h_gone"});
  EXPECT_TRUE(made.changes());
  EXPECT_TRUE(made.has_conflicts());
}

TEST(PlanUpdate, what_is_no_text_stays_and_is_a_conflict) {
  const std::string binary("\0x", 2);
  const auto made = plan({{"a", {"1"}}}, {{"a", {binary}}}, {{"a", {"2"}}});
  EXPECT_EQ(fates(made), "CONFLICT a\n");
  EXPECT_TRUE(made.write.empty());
}

TEST(PlanUpdate, other_line_ends_are_no_change_and_stay) {
  const auto made = plan({{"a", {"1\n2\n"}}, {"b", {"1\n"}}, {"c", {"1\n"}}, {"d", {"1\n"}}},
                         {{"a", {"1\r\n2\r\n"}}, {"b", {"x\r\n"}}, {"c", {"1\r\n"}}, {"d", {"1\r\n"}}},
                         {{"a", {"1\n3\n"}}, {"b", {"2\n"}}, {"d", {"1\n"}}});
  EXPECT_EQ(fates(made), "UPDATE a\nMERGE b\nREMOVE c\nIDENTICAL d\n");
  EXPECT_EQ(made.write.at("a").content, "1\r\n3\r\n");
  EXPECT_EQ(made.write.at("b").content, "x\r\n|2\r\n");
}

TEST(PlanUpdate, takes_over_the_right_to_execute) {
  const auto made = plan({{"a", {"1"}}}, {{"a", {"1"}}}, {{"a", {"1", true}}});
  EXPECT_EQ(fates(made), "UPDATE a\n");
  EXPECT_TRUE(made.write.at("a").executable);
  EXPECT_TRUE(plan({{"a", {"1"}}}, {{"a", {"2"}}}, {{"a", {"3", true}}}).write.at("a").executable);
}

TEST(PlanUpdate, nothing_new_changes_nothing) {
  const Tree tree{{"a", {"1"}}};
  EXPECT_FALSE(plan(tree, tree, tree).changes());
  EXPECT_FALSE(plan(tree, {}, tree).changes());
  EXPECT_FALSE(plan(tree, {{"a", {"2"}}}, tree).changes());
}

TEST(Answers, come_back_as_they_were) {
  Answers answers{"billing", "cpp-service", "1", "msctl", "", {{"db", {"sqlite"}}, {"calls", {}}}, {}};
  answers.base = {{"a/b", {"text\n\"ä\"\n", true}}, {"c", {std::string("\xff\0x", 3)}}};
  const auto read = parse_answers(to_text(answers), "f").value();
  EXPECT_EQ(read.name, "billing");
  EXPECT_EQ(read.values, answers.values);
  EXPECT_EQ(read.base.at("a/b").content, answers.base.at("a/b").content);
  EXPECT_TRUE(read.base.at("a/b").executable);
  EXPECT_EQ(read.base.at("c").content, answers.base.at("c").content);
}

TEST(Answers, hostile_ones_are_refused) {
  const auto text = [](const std::string& base) {
    return R"({"format": 1, "name": "x", "template": {"name": "t", "version": "1", "from": "msctl"}, "answers": {}, "base": )" +
           base + "}";
  };
  EXPECT_TRUE(parse_answers(text("{}"), "f"));
  for (const char* bad : {R"({"../x": {"text": ""}})", R"({"/etc/passwd": {"text": ""}})", R"({"a//b": {"text": ""}})",
                          R"({"a": {"hex": "f"}})", R"({"a": {"hex": "zz"}})", R"({"a": 1})", "[]"}) {
    const auto read = parse_answers(text(bad), "f");
    ASSERT_FALSE(read) << bad;
    EXPECT_TRUE(read.error().message.starts_with("f: ")) << read.error().message;
  }
  EXPECT_FALSE(parse_answers("{}", "f"));
  EXPECT_FALSE(parse_answers("", "f"));
}

}  // namespace
}  // namespace scaffold
