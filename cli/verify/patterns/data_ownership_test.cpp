#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "cli/verify/fake_world.hpp"
#include "cli/verify/patterns/patterns.hpp"

namespace verify {
namespace {

namespace fs = std::filesystem;

class DataOwnership : public ::testing::Test {
 protected:
  void SetUp() override {
    world.add_shop();
    std::string name = (fs::temp_directory_path() / "ownership-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    world.spec.state = name;
    for (const char* service : {"user-service", "order-service"}) {
      fs::create_directories(folder(service));
      fs::permissions(folder(service), fs::perms::owner_all);
    }
    world.files[2] = {folder("user-service") / "user-service.db"};
    world.files[3] = {folder("order-service") / "order-service.db", folder("order-service") / "order-service.db-wal"};
  }
  void TearDown() override { fs::remove_all(world.spec.state); }

  fs::path folder(const std::string& service) const { return world.spec.state / "data" / service; }
  Finding look() {
    const auto finding = data_ownership::look(world);
    return finding ? finding.value() : failed(finding.error().message);
  }

  testing::FakeWorld world;
};

TEST_F(DataOwnership, PassesWhenEachHasItsOwn) {
  const auto finding = look();
  EXPECT_EQ(finding.status, Status::passed) << finding.evidence;
  EXPECT_NE(finding.evidence.find("order-service (2 files)"), std::string::npos) << finding.evidence;
}

TEST_F(DataOwnership, FailsWhenAnotherOneHasItOpen) {
  world.files[1] = {folder("user-service") / "user-service.db-wal"};
  EXPECT_EQ(look().evidence, "gateway (pid 1) has user-service.db-wal of user-service open");
}

TEST_F(DataOwnership, IsNotDeceivedByNamesThatBeginAlike) {
  world.files[1] = {world.spec.state / "data" / "user-service-2" / "x.db"};
  EXPECT_EQ(look().status, Status::passed);
}

TEST_F(DataOwnership, FailsWhenTheDatabaseIsElsewhere) {
  world.files[2].clear();
  EXPECT_NE(look().evidence.find("user-service has no file open in"), std::string::npos);
}

TEST_F(DataOwnership, FailsWhenOthersMayRead) {
  fs::permissions(folder("order-service"), fs::perms::others_read, fs::perm_options::add);
  EXPECT_NE(look().evidence.find("is open to other users"), std::string::npos);
}

}  // namespace
}  // namespace verify
