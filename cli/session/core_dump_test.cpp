#include "cli/session/core_dump.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace cli {
namespace {

class FindCore : public testing::Test {
 protected:
  FindCore() {
    char pattern[] = "/tmp/msctl-core-XXXXXX";
    folder_ = ::mkdtemp(pattern);
  }
  ~FindCore() override { std::filesystem::remove_all(folder_); }

  // A file that was written to so many seconds after 1970.
  void file(const std::string& name, std::int64_t changed_s) {
    std::ofstream(folder_ / name) << "x";
    const timespec times[2] = {{changed_s, 0}, {changed_s, 0}};
    ::utimensat(AT_FDCWD, (folder_ / name).c_str(), times, 0);
  }
  std::string found(const std::string& pattern, std::int64_t since_s = 0) {
    const auto core = find_core(pattern, folder_, since_s * 1'000'000);
    return core ? core->filename().string() : "";
  }

  std::filesystem::path folder_;
};

TEST_F(FindCore, takes_the_newest_that_the_pattern_allows) {
  file("core", 100);
  file("core.12", 200);
  file("corelib.cpp", 300);
  file("web-12-x%", 150);
  EXPECT_EQ(found("core"), "core.12");
  EXPECT_EQ(found("core.%p"), "core.12");
  EXPECT_EQ(found("%e-%p-x%%"), "web-12-x%");
  EXPECT_EQ(found((folder_ / "core").string()), "core.12");
  EXPECT_EQ(found("crash"), "");
}

TEST_F(FindCore, takes_none_of_an_earlier_start_and_only_files) {
  file("core", 100);
  EXPECT_EQ(found("core", 100), "core");
  EXPECT_EQ(found("core", 102), "");
  std::filesystem::remove(folder_ / "core");
  std::filesystem::create_symlink("/etc/passwd", folder_ / "core");
  EXPECT_EQ(found("core"), "");
}

TEST_F(FindCore, leaves_cores_alone_that_go_to_a_program_or_nobody_knows_where) {
  file("core", 100);
  EXPECT_EQ(found("|/usr/share/apport/apport %p"), "");
  EXPECT_EQ(found("%e/core"), "");
  EXPECT_EQ(found("/no/such/folder/core"), "");
  EXPECT_EQ(found(""), "");
}

}  // namespace
}  // namespace cli
