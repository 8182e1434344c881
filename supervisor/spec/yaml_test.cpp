#include "supervisor/spec/yaml.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <time.h>

namespace spec {
namespace {

using base::Json;

Json value(const std::string& text) {
  auto document = parse_yaml(text, "f.yaml");
  EXPECT_TRUE(document) << document.error().message;
  return document ? document.value().value : Json();
}

std::string error(const std::string& text) {
  auto document = parse_yaml(text, "f.yaml");
  EXPECT_FALSE(document) << document.value().value.dump();
  return document ? "" : document.error().message;
}

std::string repeated(const std::string& part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

TEST(Yaml, BlockAndFlow) {
  EXPECT_EQ(value("a: [x, {b: 1}]\nc:\n  - d\n  - e: 'f'\n"),
            Json::parse(R"({"a":["x",{"b":1}],"c":["d",{"e":"f"}]})"));
  EXPECT_EQ(value(""), Json());
  EXPECT_EQ(value("# nothing\n"), Json());
  EXPECT_EQ(value("--- \na: |\n  line\n...\n"), Json::parse(R"({"a":"line\n"})"));
}

TEST(Yaml, PlainScalarsFollowTheCoreSchema) {
  for (const auto& [text, expected] :
       std::map<std::string, Json>{{"~", nullptr},     {"Null", nullptr},
                                   {"", nullptr},      {"true", true},
                                   {"FALSE", false},   {"no", "no"},
                                   {"on", "on"},       {"12", 12},
                                   {"-12", -12},       {"+12", 12},
                                   {"012", 12},        {"0x1f", 31},
                                   {"0o17", 15},       {"18446744073709551615", 18446744073709551615U},
                                   {"1e3", 1000.0},    {"1.", 1.0},
                                   {".5", 0.5},        {"-.5", -0.5},
                                   {"1.2.3", "1.2.3"}, {"0x", "0x"},
                                   {"0xg", "0xg"},     {".", "."},
                                   {"1e", "1e"},       {"12ms", "12ms"},
                                   {"'12'", "12"},     {"\"true\"", "true"},
                                   {"!!str 12", "12"}}) {
    EXPECT_EQ(value("k: " + text)["k"], expected) << text;
  }
  EXPECT_TRUE(value("k: 99999999999999999999")["k"].is_number_float());
  EXPECT_TRUE(value("k: -.inf")["k"].is_number_float());
  EXPECT_TRUE(value("k: .nan")["k"].is_number_float());
}

TEST(Yaml, LinesAreThoseOfKeysAndItems) {
  const auto document = parse_yaml("a:\n  b:\n    - 1\n    - x/y: 2\n\nc: {d: 3}\n", "f.yaml").value();
  EXPECT_EQ(line_of(document, "/a"), 1);
  EXPECT_EQ(line_of(document, "/a/b"), 2);
  EXPECT_EQ(line_of(document, "/a/b/0"), 3);
  EXPECT_EQ(line_of(document, "/a/b/1/x~1y"), 4);
  EXPECT_EQ(line_of(document, "/c/d"), 6);
  EXPECT_EQ(line_of(document, "/c/unknown/deeper"), 6);
  EXPECT_EQ(line_of(document, ""), 1);
}

TEST(Yaml, AliasesCopy) {
  EXPECT_EQ(value("a: &x {b: [1]}\nc: *x\nd: [*x, *x]\n"),
            Json::parse(R"({"a":{"b":[1]},"c":{"b":[1]},"d":[{"b":[1]},{"b":[1]}]})"));
  EXPECT_EQ(value("- &x 1\n- &x 2\n- *x\n"), Json::parse("[1,2,2]"));
}

TEST(Yaml, RefusesWhatYamlCppLetsPass) {
  EXPECT_EQ(error("a: 1\nb: 2\na: 3\n"), "f.yaml:3: key \"a\" occurs twice");
  EXPECT_EQ(error("a: {b: 1, b: 2}\n"), "f.yaml:1: key \"b\" occurs twice");
  EXPECT_EQ(error("a: 1\n---\nb: 2\n"), "f.yaml:2: a second document; one file holds one");
  EXPECT_EQ(error("a: 1\n---\n"), "f.yaml:2: a second document; one file holds one");
  EXPECT_EQ(error("[a]: 1\n"), "f.yaml:1: a key must be text, not a list or map");
  EXPECT_EQ(error("? {a: 1}\n: 1\n"), "f.yaml:1: a key must be text, not a list or map");
  EXPECT_EQ(error("~: 1\n"), "f.yaml:1: a key must be text, not null");
  EXPECT_EQ(error("a: &x b\n*x : 1\n"), "f.yaml:2: a key must be text, not an alias");
  EXPECT_EQ(error("a: !!binary aGk=\n"), "f.yaml:1: the tag \"tag:yaml.org,2002:binary\" is not supported");
  EXPECT_EQ(error("a: !thing {}\n"), "f.yaml:1: the tag \"!thing\" is not supported");
  EXPECT_EQ(error("a: \"x\\0y\"\n"), "f.yaml:1: a NUL character cannot be in text");
  EXPECT_EQ(error("a: &x [*x]\n"), "f.yaml:1: an alias inside of what it stands for");
  EXPECT_EQ(error("a: \xff\n"), "f.yaml:1: not UTF-8 text");
}

TEST(Yaml, SyntaxErrorsNameTheLine) {
  EXPECT_THAT(error("a: 1\nb: [1\n"), testing::StartsWith("f.yaml:3: not valid YAML: "));
  EXPECT_THAT(error("a: *nobody\n"), testing::StartsWith("f.yaml:1: not valid YAML: "));
  EXPECT_THAT(error("a: 1\n b: 2\n"), testing::StartsWith("f.yaml:2: not valid YAML: "));
}

TEST(Yaml, DepthUpToTheLimit) {
  EXPECT_TRUE(parse_yaml(repeated("[", 32) + repeated("]", 32), "f.yaml"));
  EXPECT_EQ(error(repeated("[", 33) + repeated("]", 33)), "f.yaml:1: nested more than 32 deep");
  EXPECT_EQ(
      error("a: &x " + repeated("[", 20) + repeated("]", 20) + "\nb: " + repeated("[", 12) + "*x" + repeated("]", 12)),
      "f.yaml:2: nested more than 32 deep");
}

// Each must be refused within a second of processor time and 64 MB.
class YamlBomb : public testing::TestWithParam<std::pair<const char*, std::string>> {};

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

long peak_kib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST_P(YamlBomb, IsCheapToRefuse) {
  const double begin = cpu_seconds();
  const long before = peak_kib();
  EXPECT_FALSE(parse_yaml(GetParam().second, "f.yaml"));
#ifndef __SANITIZE_ADDRESS__
  EXPECT_LT(cpu_seconds() - begin, 1.0);
  EXPECT_LT(peak_kib() - before, 64 * 1024);
#endif
}

std::string doubling(int levels) {
  std::string text = "- &a0 [x, x]\n";
  for (int i = 1; i < levels; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    text += "- &a" + std::to_string(i) + " [" + last + ", " + last + "]\n";
  }
  return text;
}

// Few aliases of much text: small levels of a wide list, below the cap on aliases and depth.
std::string wide() {
  std::string text = "- &a [" + repeated("1,", 9000) + "1]\n";
  for (int i = 0; i < 60; ++i) text += "- *a\n";
  return text;
}

std::string many_keys() {
  std::string text;
  for (int i = 0; i < 101'000; ++i) text += "k" + std::to_string(i) + ":\n";
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    All, YamlBomb,
    testing::Values(std::pair{"doubling", doubling(64)}, std::pair{"doubling in 30", doubling(30)},
                    std::pair{"wide", wide()}, std::pair{"flow lists", repeated("[", 100'000)},
                    std::pair{"flow maps", repeated("{a: ", 100'000)},
                    std::pair{"flow lists below the cap", repeated("[", 50'000)},
                    std::pair{"hidden brackets", repeated("[\"]\",", 100'000)},
                    std::pair{"flow entries", "[" + repeated("1,", 500'000) + "1]"},
                    std::pair{"block lists", repeated("- ", 100'000)},
                    std::pair{"complex keys", repeated("? ", 100'000)}, std::pair{"values", repeated(": ", 100'000)},
                    std::pair{"anchors", repeated("&a ", 100'000)}, std::pair{"tags", repeated("!!str ", 100'000)},
                    std::pair{"many keys", many_keys()}, std::pair{"too large", std::string((1 << 20) + 1, '#')}),
    [](const auto& bomb) {
      std::string name = bomb.param.first;
      std::replace(name.begin(), name.end(), ' ', '_');
      return name;
    });

}  // namespace
}  // namespace spec
