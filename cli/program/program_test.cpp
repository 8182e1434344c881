#include "cli/program/program.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

namespace program {
namespace {

TEST(Ask, hands_input_over_and_reads_both_streams) {
  Options options;
  options.input = std::string(300'000, 'x');
  options.added = {{"WORD", "blue"}};
  const auto output = ask({"sh", "-c", "echo $WORD >&2; wc -c; exit 3"}, options);
  ASSERT_TRUE(output) << output.error().message;
  EXPECT_EQ(output.value().exit_code, 3);
  EXPECT_EQ(output.value().out, "300000\n");
  EXPECT_EQ(output.value().err, "blue\n");
}

TEST(Ask, much_output_on_both_does_not_block) {
  const auto output = ask({"sh", "-c", "head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero"});
  ASSERT_TRUE(output);
  EXPECT_EQ(output.value().out.size(), 300'000U);
  EXPECT_EQ(output.value().err.size(), 300'000U);
}

TEST(Ask, runs_in_the_folder) {
  Options options;
  options.folder = "/usr";
  EXPECT_EQ(ask({"pwd"}, options).value().out, "/usr\n");
}

TEST(Ask, a_signal_is_told_apart_from_an_exit) {
  EXPECT_EQ(ask({"sh", "-c", "kill -9 $$"}).value().exit_code, 137);
  EXPECT_EQ(ask({"sh", "-c", "exit 9"}).value().exit_code, 9);
}

TEST(Ask, input_that_nobody_reads_is_no_end_of_ours) {
  Options options;
  options.input = std::string(300'000, 'x');
  EXPECT_EQ(ask({"true"}, options).value().exit_code, 0);
}

TEST(Helper, is_found_where_the_variable_says) {
  const auto folder = std::filesystem::temp_directory_path() / ("helper-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::filesystem::create_symlink("/bin/true", folder / "msctl-something");
  ::setenv("MSCTL_LIBEXEC", folder.c_str(), 1);
  EXPECT_EQ(helper("msctl-something").value(), folder / "msctl-something");
  const auto missing = helper("msctl-other");
  ::unsetenv("MSCTL_LIBEXEC");
  std::filesystem::remove_all(folder);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("msctl-other is not there"), std::string::npos);
}

TEST(Ask, says_which_program_is_missing) {
  const auto output = ask({"no-such-program"});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, base::ErrorCode::not_found);
  EXPECT_NE(output.error().message.find("no-such-program"), std::string::npos);
}

}  // namespace
}  // namespace program
