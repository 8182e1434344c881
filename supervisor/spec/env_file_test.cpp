#include "supervisor/spec/env_file.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "supervisor/spec/secrets.hpp"
#include "supervisor/spec/temp_tree.hpp"

namespace spec {
namespace {

using testing::ElementsAre;
using testing::FieldsAre;

std::string mistakes(const std::string& text) {
  Problems problems;
  parse_env(text, ".env", problems);
  return problems.empty() ? "" : problems.error().message;
}

TEST(EnvFile, WhatValuesMean) {
  Problems problems;
  const auto entries = parse_env(
      "\xEF\xBB\xBF# comment\n\nA=1\n  export B = two words # comment\r\nC='a\\n \"#\"' # x\n"
      "D=\"a\\n\\t\\\"\\\\\\$ \\x\"\nE=\nF=a#b\nG=#\nH=${HOME}\nI=a=b",
      ".env", problems);
  EXPECT_TRUE(problems.empty());
  EXPECT_THAT(entries,
              ElementsAre(FieldsAre("A", "1", 3), FieldsAre("B", "two words", 4), FieldsAre("C", "a\\n \"#\"", 5),
                          FieldsAre("D", "a\n\t\"\\$ \\x", 6), FieldsAre("E", "", 7), FieldsAre("F", "a#b", 8),
                          FieldsAre("G", "", 9), FieldsAre("H", "${HOME}", 10), FieldsAre("I", "a=b", 11)));
}

TEST(EnvFile, MistakesNameFileAndLine) {
  EXPECT_EQ(mistakes("A=1\njust text\n"), ".env:2: expected NAME=value");
  EXPECT_EQ(mistakes("1A=1"), ".env:1: expected a name of letters, digits and _ before the =, got \"1A\"");
  EXPECT_EQ(mistakes("=1"), ".env:1: expected a name of letters, digits and _ before the =, got \"\"");
  EXPECT_EQ(mistakes("A='x\nB=2"), ".env:1: A: the quote is not closed in this line; within \"…\", \\n is a new line");
  EXPECT_EQ(mistakes("A='x' y"), ".env:1: A: text after the closing quote");
  EXPECT_EQ(mistakes("A=1\nB=2\nA=3"), ".env:3: A occurs twice, first in line 1");
  EXPECT_EQ(mistakes(std::string("A=1\0", 4)), ".env:1: a NUL character cannot be in text");
  EXPECT_EQ(mistakes("\x1b[31m=x"),
            ".env:1: expected a name of letters, digits and _ before the =, got \"\\u001b[31m\"");
}

TEST(EnvFile, ManyMistakesEndAtTheLimit) {
  std::string text;
  for (int i = 0; i < 500'000; ++i) text += "x\n";
  const std::string message = mistakes(text);
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 19);
}

class EnvFileOnDisk : public testing::Test {
 protected:
  std::string read(const std::filesystem::path& path) {
    Problems problems;
    read_env_file(path, "x.env", "msctl.yaml:2: env_files[0]", false, problems);
    return problems.empty() ? "" : problems.error().message;
  }

  TempTree tree_;
};

TEST_F(EnvFileOnDisk, MissingOrNoFile) {
  EXPECT_EQ(read(tree_.root() / "nope"), "msctl.yaml:2: env_files[0]: x.env: no such file");
  EXPECT_EQ(read(tree_.root()), "msctl.yaml:2: env_files[0]: x.env: not a file");
  EXPECT_EQ(read(tree_.write("big", std::string((1 << 20) + 1, '#'))),
            "msctl.yaml:2: env_files[0]: x.env: larger than 1024 KiB");
  EXPECT_EQ(read(tree_.write("latin", "A=\xff\n")), "x.env:1: not UTF-8 text");
}

TEST_F(EnvFileOnDisk, SecretsMustBeClosedToOthers) {
  const auto file = tree_.write("x.env", "A=1\nDB_PASSWORD=x\n");
  ::chmod(file.c_str(), 0640);
  EXPECT_EQ(read(file),
            "x.env:2: DB_PASSWORD: x.env holds a secret and is open to other users (mode 0640); "
            "close it: chmod 600 x.env");
  ::chmod(file.c_str(), 0600);
  EXPECT_EQ(read(file), "");
  const auto harmless = tree_.write("y.env", "A=1\nDB_PASSWORD=\n");
  ::chmod(harmless.c_str(), 0666);
  EXPECT_EQ(read(harmless), "");
}

TEST(Secrets, KnownByTheirNames) {
  for (const char* name : {"SECRET", "client_secret", "PGPASSWORD", "MYSQL_PASSWD", "GITHUB_TOKEN", "API_KEY", "APIKEY",
                           "key", "aws.credentials", "tls.key", "SIGNING_KEY_2"}) {
    EXPECT_TRUE(names_a_secret(name)) << name;
  }
  for (const char* name : {"", "HOME", "KEYBOARD", "PUBLIC_KEY", "ssh_host.pub.key", "KEYS_ARE_HERE", "PASS", "PORT"}) {
    EXPECT_FALSE(names_a_secret(name)) << name;
  }
}

}  // namespace
}  // namespace spec
