#include "supervisor/app/workspace.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace app {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;

class Workspace : public ::testing::Test {
 protected:
  Workspace() {
    char pattern[] = "/tmp/msctl-workspace-XXXXXX";
    root_ = ::mkdtemp(pattern);
  }
  ~Workspace() override { fs::remove_all(root_); }
  fs::path root_;
};

TEST_F(Workspace, folders_are_closed_to_others) {
  ASSERT_TRUE(make_workspace(root_ / ".msctl"));
  for (const char* name : {"", "run", "logs", "control", "data"}) {
    struct stat info {};
    ASSERT_EQ(::stat((root_ / ".msctl" / name).c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_mode & 0777U, 0700U) << name;
  }
  EXPECT_TRUE(make_workspace(root_ / ".msctl"));  // a second time is fine
}

TEST_F(Workspace, open_folder_or_a_link_is_refused) {
  fs::create_directory(root_ / ".msctl");
  fs::permissions(root_ / ".msctl", fs::perms(0755));
  EXPECT_EQ(make_workspace(root_ / ".msctl").error().code, base::ErrorCode::permission);
  fs::create_directory_symlink(root_, root_ / "link");
  EXPECT_EQ(make_workspace(root_ / "link").error().code, base::ErrorCode::permission);
}

TEST_F(Workspace, lock_has_one_owner_at_a_time) {
  ASSERT_TRUE(make_workspace(root_ / ".msctl"));
  {
    const auto mine = lock_workspace(root_ / ".msctl");
    ASSERT_TRUE(mine);
    EXPECT_EQ(lock_workspace(root_ / ".msctl").error().code, base::ErrorCode::conflict);
  }
  EXPECT_TRUE(lock_workspace(root_ / ".msctl"));
}

TEST_F(Workspace, plan_has_command_environment_and_files) {
  spec::Cluster cluster;
  cluster.root = root_;
  cluster.state = root_ / ".msctl";
  auto& service = cluster.services["web"];
  service.name = "web";
  service.instance = "web";
  service.folder = root_;
  service.command = {"serve", "${port:http}"};
  service.ports = {{"http", 8080}, {"admin-api", 9}};
  service.env = {{"MODE", "test"}};
  ASSERT_TRUE(make_workspace(cluster.state));
  std::ofstream(log_path(cluster.state, "web")) << "of an earlier run";
  const auto plan = plan_spawn(cluster, service, {"PATH=/bin", "MODE=inherited", "broken"});
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan.value().argv, ElementsAre("serve", "8080"));
  EXPECT_EQ(plan.value().log_from, 17U);
  const std::string config = (cluster.state / "run" / "web.json").string();
  for (const auto& entry : {std::string("PATH=/bin"), std::string("MODE=test"), std::string("PORT_HTTP=8080"),
                            std::string("PORT_ADMIN_API=9"), std::string("MSCTL_SERVICE=web"), "MSCTL_CONFIG=" + config,
                            "MSCTL_STATE=" + cluster.state.string()}) {
    EXPECT_THAT(plan.value().env, Contains(entry));
  }
  EXPECT_TRUE(fs::exists(config));
  const auto told = [&] { return base::parse_json(posix::read_small_file(config)).value(); };
  const base::Json door = told()["provider_states"];
  EXPECT_EQ(door["secret"].get<std::string>().size(), 48U);
  EXPECT_EQ(base::parse_json(base::dump_json(spec::service_config(cluster, service))).value().count("provider_states"),
            0U)
      << "what is rendered comes from there";
  ASSERT_TRUE(plan_spawn(cluster, service, {}));
  EXPECT_EQ(told()["provider_states"], door) << "processes outlive a supervisor, and so does the secret";
  struct stat info {};
  ASSERT_EQ(::stat((cluster.state / "control" / "states.secret").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_TRUE(fs::is_directory(cluster.state / "data" / "web"));
}

}  // namespace
}  // namespace app
