// note-service as a whole on the chassis' fake environment.
#include "services/note/note_service.hpp"

#include <gtest/gtest.h>

#include "services/chassis/testing/fake_environment.hpp"

namespace note_service {
namespace {

TEST(NoteService, KeepsANote) {
  chassis::Config config;
  config.name = config.instance = "note-service";
  config.ports = {{"http", 8081}};
  config.database_url = "sqlite::memory:";
  chassis::testing::FakeEnvironment world(config);
  world.start(run);
  const auto [status, note] = world.json("POST", "/v1/notes", R"({"text":"tea"})");
  ASSERT_EQ(status, 201) << note;
  EXPECT_EQ(world.json("GET", "/v1/notes/" + note["id"].get<std::string>()).second["text"], "tea");
}

}  // namespace
}  // namespace note_service
