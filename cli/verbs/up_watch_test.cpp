#include "cli/verbs/up_watch.hpp"

#include <unistd.h>

#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>

namespace cli {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::ElementsAre;

// A cluster of services whose builds append a line to `built` at their end, and a watch that runs beside the test.
class UpWatch : public ::testing::Test {
 protected:
  UpWatch() {
    std::string name = (fs::temp_directory_path() / "up-watch-XXXXXX").string();
    cluster_.root = fs::canonical(::mkdtemp(name.data()));
    cluster_.state = cluster_.root / ".msctl";
    place_ = {cluster_.root / "msctl.yaml", cluster_.root, cluster_.state};
    fs::create_directories(cluster_.state / "logs");
    service("lib", "true");
    service("app", "true");
    service("bad", "grep -q good bad/main.c");
  }
  ~UpWatch() override {
    stop_.request();
    if (thread_.joinable()) thread_.join();
    fs::remove_all(cluster_.root);
  }

  void service(const std::string& name, const std::string& command) {
    auto& one = cluster_.services[name];
    one.name = name;
    one.folder = cluster_.root / name;
    one.build = spec::Build{{"/bin/sh", "-c", command + "; code=$?; echo " + name + " >>built; exit $code"},
                            {name + "/*.c", "common/*.h"}};
    write(name + "/main.c", "first");
  }

  void write(const std::string& file, const std::string& text) const {
    // In one step, as a slow machine could see the file empty in between and take that for one change more.
    const fs::path path = cluster_.root / file;
    fs::create_directories(path.parent_path());
    std::ofstream(path.string() + ".tmp") << text;
    fs::rename(path.string() + ".tmp", path);
  }

  void begin(const std::vector<std::string>& wanted = {"lib", "bad", "app"}) {
    auto opened = watch::Watcher::open(cluster_, {}, {80ms, 800ms, 400ms});
    ASSERT_TRUE(opened);
    watcher_ = std::move(opened.value());
    thread_ = std::thread([this, wanted] {
      const auto restart = [this](const std::string& one) -> base::Result<void> {
        const std::lock_guard lock(mutex_);
        restarted_.push_back(one);
        return base::success();
      };
      EXPECT_TRUE(run_watch(place_, cluster_, wanted, *watcher_, restart, stop_));
    });
  }

  std::vector<std::string> restarted() {
    const std::lock_guard lock(mutex_);
    return restarted_;
  }

  std::vector<std::string> built() const {
    std::ifstream in(cluster_.root / "built");
    std::vector<std::string> names;
    for (std::string line; std::getline(in, line);) names.push_back(line);
    return names;
  }

  template <class Condition>
  static void eventually(Condition condition) {
    const auto give_up = std::chrono::steady_clock::now() + 10s;
    while (!condition() && std::chrono::steady_clock::now() < give_up) std::this_thread::sleep_for(5ms);
    EXPECT_TRUE(condition());
  }

  spec::Cluster cluster_;
  Place place_;
  Cancel stop_;
  std::mutex mutex_;
  std::vector<std::string> restarted_;
  std::unique_ptr<watch::Watcher> watcher_;
  std::thread thread_;
};

TEST_F(UpWatch, builds_and_restarts_just_what_changed_dependencies_first) {
  begin();
  write("app/main.c", "second");
  eventually([&] { return restarted().size() == 1; });
  EXPECT_THAT(restarted(), ElementsAre("app"));
  EXPECT_THAT(built(), ElementsAre("app"));
  write("bad/main.c", "good");
  eventually([&] { return restarted().size() == 2; });
  write("common/x.h", "all");
  eventually([&] { return restarted().size() == 5; });
  EXPECT_THAT(restarted(), ElementsAre("app", "bad", "lib", "bad", "app"));
}

TEST_F(UpWatch, a_failed_build_restarts_nothing_and_the_next_change_tries_again) {
  begin();
  write("bad/main.c", "broken");
  eventually([&] { return built().size() == 1; });
  write("bad/main.c", "good");
  eventually([&] { return restarted().size() == 1; });
  EXPECT_THAT(built(), ElementsAre("bad", "bad"));
  EXPECT_THAT(restarted(), ElementsAre("bad"));
}

TEST_F(UpWatch, changes_during_a_build_make_exactly_one_more) {
  service("slow", "cat slow/main.c >>seen; touch slow/began; while [ ! -e slow/go ]; do sleep 0.01; done; rm slow/go");
  begin({"slow"});
  write("slow/main.c", "A");
  eventually([&] { return fs::exists(cluster_.root / "slow/began"); });
  for (int i = 0; i < 20; ++i) write("slow/main.c", "during " + std::to_string(i));
  write("slow/main.c", "B");
  write("slow/go", "");
  eventually([&] { return restarted().size() == 1; });
  write("slow/go", "");
  eventually([&] { return restarted().size() == 2; });
  std::this_thread::sleep_for(400ms);
  EXPECT_EQ(restarted().size(), 2U);
  std::stringstream seen;
  seen << std::ifstream(cluster_.root / "seen").rdbuf();
  EXPECT_EQ(seen.str(), "AB");
}

TEST_F(UpWatch, ends_at_once_in_the_middle_of_a_build) {
  service("app", "echo $$ >pid; exec sleep 600");
  begin();
  write("app/main.c", "second");
  eventually([&] { return fs::exists(cluster_.root / "pid"); });
  stop_.request();
  thread_.join();
  EXPECT_TRUE(restarted().empty());
}

}  // namespace
}  // namespace cli
