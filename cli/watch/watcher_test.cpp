#include "cli/watch/watcher.hpp"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <future>
#include <thread>

#include <gmock/gmock.h>

namespace watch {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Timing quick{80ms, 800ms, 400ms};

using Names = std::vector<std::string>;

class WatcherTest : public ::testing::Test {
 protected:
  WatcherTest() {
    std::string name = (fs::temp_directory_path() / "watch-XXXXXX").string();
    cluster_.root = fs::canonical(::mkdtemp(name.data()));
    service("a", {"a/**/*.cpp", "common/*.hpp"});
    service("b", {"b", "common/*.hpp"});
    for (const char* file : {"a/main.cpp", "b/main.go", "common/x.hpp"}) write(file, "first");
    stop_ = ::eventfd(0, EFD_CLOEXEC);
  }
  ~WatcherTest() override {
    ::close(stop_);
    fs::remove_all(cluster_.root);
  }

  void service(const std::string& name, std::vector<std::string> inputs) {
    auto& one = cluster_.services[name];
    one.folder = cluster_.root / name;
    one.build = spec::Build{{"make"}, std::move(inputs)};
  }

  fs::path path(const std::string& file) const { return cluster_.root / file; }

  void write(const std::string& file, const std::string& text) const {
    // In one step, as a slow machine could see the file empty in between and take that for one change more.
    fs::create_directories(path(file).parent_path());
    std::ofstream(path(file).string() + ".tmp") << text;
    fs::rename(path(file).string() + ".tmp", path(file));
  }

  std::unique_ptr<Watcher> open() {
    auto watcher = Watcher::open(cluster_, {}, quick);
    EXPECT_TRUE(watcher);
    return std::move(watcher.value());
  }

  static Names changed(Watcher& watcher) {
    const auto names = watcher.wait_changed(-1);
    EXPECT_TRUE(names);
    return names.value();
  }

  // What is reported when nothing but the past is there: nothing, or the names.
  Names at_once(Watcher& watcher) {
    auto later = std::async(std::launch::async, [this] {
      std::this_thread::sleep_for(4 * quick.quiet);
      static_cast<void>(::eventfd_write(stop_, 1));
    });
    const auto names = watcher.wait_changed(stop_);
    later.wait();
    eventfd_t taken = 0;
    static_cast<void>(::eventfd_read(stop_, &taken));
    return names.value();
  }

  spec::Cluster cluster_;
  int stop_ = -1;
};

TEST_F(WatcherTest, names_the_services_whose_inputs_changed) {
  const auto watcher = open();
  write("a/main.cpp", "second");
  EXPECT_THAT(changed(*watcher), ElementsAre("a"));
  EXPECT_EQ(watcher->cause(), path("a/main.cpp"));
  write("b/deep/er/new.go", "new");
  EXPECT_THAT(changed(*watcher), ElementsAre("b"));
  write("common/x.hpp", "other");
  EXPECT_THAT(changed(*watcher), ElementsAre("a", "b"));
  fs::remove(path("a/main.cpp"));
  EXPECT_THAT(changed(*watcher), ElementsAre("a"));
}

TEST_F(WatcherTest, says_nothing_of_other_files_and_of_touches) {
  const auto watcher = open();
  write("a/README.md", "text");
  write("a/.main.cpp.swp", "editor");
  write("a/main.cpp~", "editor");
  write(".git/index", "git");
  write("b/build/out", "built");
  write("common/deep/y.hpp", "too deep");
  write("a/main.cpp", "first");
  EXPECT_THAT(at_once(*watcher), IsEmpty());
}

TEST_F(WatcherTest, sees_a_change_of_the_same_size_at_once_after_the_start) {
  for (int i = 0; i < 5; ++i) {
    write("a/main.cpp", "one");
    const auto watcher = open();
    write("a/main.cpp", "two");
    EXPECT_THAT(at_once(*watcher), ElementsAre("a"));
  }
}

TEST_F(WatcherTest, takes_a_save_by_rename_for_a_change) {
  const auto watcher = open();
  write("a/.main.cpp.tmp", "second");
  fs::rename(path("a/.main.cpp.tmp"), path("a/main.cpp"));
  EXPECT_THAT(changed(*watcher), ElementsAre("a"));
}

TEST_F(WatcherTest, many_changes_are_one) {
  const auto watcher = open();
  for (int i = 0; i < 200; ++i) write("a/f" + std::to_string(i) + ".cpp", "text");
  EXPECT_THAT(changed(*watcher), ElementsAre("a"));
  EXPECT_THAT(at_once(*watcher), IsEmpty());
}

TEST_F(WatcherTest, changes_that_do_not_end_are_told_all_the_same) {
  const auto watcher = open();
  std::atomic<bool> enough{false};
  std::thread writer([&] {
    for (int i = 0; !enough; ++i) {
      write("a/main.cpp", std::to_string(i));
      std::this_thread::sleep_for(20ms);
    }
  });
  EXPECT_THAT(changed(*watcher), ElementsAre("a"));
  enough = true;
  writer.join();
}

TEST_F(WatcherTest, a_change_during_a_build_makes_exactly_one_more) {
  const auto watcher = open();
  write("a/main.cpp", "second");
  EXPECT_THAT(changed(*watcher), ElementsAre("a"));
  for (int i = 0; i < 10; ++i) write("a/main.cpp", "during " + std::to_string(i));
  EXPECT_THAT(changed(*watcher), ElementsAre("a"));
  EXPECT_THAT(at_once(*watcher), IsEmpty());
}

TEST_F(WatcherTest, a_build_that_writes_the_same_again_makes_no_loop) {
  const auto watcher = open();
  write("a/main.cpp", "second");
  EXPECT_THAT(changed(*watcher), ElementsAre("a"));
  write("a/generated.cpp", "generated");
  EXPECT_THAT(changed(*watcher), ElementsAre("a"));
  write("a/generated.cpp", "generated");
  EXPECT_THAT(at_once(*watcher), IsEmpty());
}

// A result with the time in it, for instance, in a folder that is an input as a whole.
TEST_F(WatcherTest, a_build_that_always_writes_something_else_makes_no_endless_loop) {
  const auto watcher = open();
  int builds = 0;
  write("b/main.go", "second");
  while (builds < 20 && !at_once(*watcher).empty()) write("b/out", std::to_string(++builds));
  EXPECT_GE(builds, 1);
  EXPECT_LE(builds, 6);
  // The source still counts, and so does the result when somebody else changes it.
  write("b/main.go", "third");
  EXPECT_THAT(at_once(*watcher), ElementsAre("b"));
  write("b/out", "again another");
  EXPECT_THAT(at_once(*watcher), IsEmpty());
  auto later = std::async(std::launch::async, [this] {
    std::this_thread::sleep_for(quick.aftermath + 100ms);
    write("b/out", "by hand");
  });
  EXPECT_THAT(changed(*watcher), ElementsAre("b"));
}

TEST_F(WatcherTest, survives_folders_that_are_removed_and_made_again) {
  const auto watcher = open();
  fs::remove_all(path("a"));
  EXPECT_THAT(changed(*watcher), ElementsAre("a"));
  write("a/sub/main.cpp", "back");
  EXPECT_THAT(changed(*watcher), ElementsAre("a"));
  write("a/sub/main.cpp", "and changed");
  EXPECT_THAT(changed(*watcher), ElementsAre("a"));
  fs::rename(path("a/sub"), path("a/moved"));
  EXPECT_THAT(changed(*watcher), ElementsAre("a"));
  write("a/moved/main.cpp", "changed there");
  EXPECT_THAT(changed(*watcher), ElementsAre("a"));
}

TEST_F(WatcherTest, waits_for_folders_that_are_not_there_yet) {
  service("later", {"later/src/*.c", "../" + cluster_.root.filename().string() + "-outside/*.c"});
  const auto watcher = open();
  write("later/src/x.c", "new");
  EXPECT_THAT(changed(*watcher), ElementsAre("later"));
  const fs::path outside = cluster_.root.string() + "-outside";
  fs::create_directories(outside);
  std::ofstream(outside / "x.c") << "new";
  EXPECT_THAT(changed(*watcher), ElementsAre("later"));
  fs::remove_all(outside);
}

// The queue of the kernel holds max_queued_events; what does not fit is found by looking at all files.
TEST_F(WatcherTest, finds_what_the_kernel_dropped) {
  std::size_t queue = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> queue;
  ASSERT_GT(queue, 0U);
  if (queue > 100'000) GTEST_SKIP() << "this machine's queue takes too long to fill";
  const auto watcher = open();
  TreeWatch other([](const std::string&) { return true; });
  ASSERT_TRUE(other.add(cluster_.root));
  // Events in a row that are the same are one, so two files take turns.
  for (std::size_t i = 0; i < queue; ++i) ::chmod(path(i % 2 == 0 ? "a/main.cpp" : "common/x.hpp").c_str(), 0600);
  write("b/late/main.go", "lost");
  EXPECT_TRUE(other.read().value().lost);
  EXPECT_THAT(changed(*watcher), ElementsAre("b"));
  write("b/late/main.go", "seen");
  EXPECT_THAT(changed(*watcher), ElementsAre("b"));
}

TEST_F(WatcherTest, stops_when_told) {
  const auto watcher = open();
  static_cast<void>(::eventfd_write(stop_, 1));
  EXPECT_THAT(watcher->wait_changed(stop_).value(), IsEmpty());
}

}  // namespace
}  // namespace watch
