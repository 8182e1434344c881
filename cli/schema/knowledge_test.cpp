#include "cli/schema/knowledge.hpp"

#include <gmock/gmock.h>

namespace schema {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ConsumedFiles, AreThoseOfTheCall) {
  EXPECT_THAT(consumed_files("msctl_module(a)\n"), IsEmpty());
  EXPECT_THAT(consumed_files("msctl_consumes(mailer mailer)"), ElementsAre("consumes"));
  EXPECT_THAT(consumed_files("msctl_consumes(mailer mailer ../order/events/order.placed.v1.schema.json\n"
                             "  \"../user/events/user.made.v2.schema.json\")  # both\n"
                             "msctl_consumes(other other ${root}/a.v1.schema.json)"),
              ElementsAre("../order/events/order.placed.v1.schema.json", "../user/events/user.made.v2.schema.json",
                          "${root}/a.v1.schema.json"));
  EXPECT_THAT(consumed_files("# msctl_consumes(mailer mailer a.v1.schema.json)\n"), IsEmpty());
  EXPECT_THAT(consumed_files("msctl_consumes(mailer mailer a.v1.schema.json"), ElementsAre("a.v1.schema.json"));
  EXPECT_THAT(consumed_files("msctl_consumes("), ElementsAre("consumes"));
}

TEST(CompiledEvents, AreThoseOfTheCall) {
  EXPECT_TRUE(compiles_events("msctl_module(a)\nmsctl_events(a a)\n"));
  EXPECT_FALSE(compiles_events("# msctl_events(a a)\nmsctl_consumes(a a)\n"));
}

}  // namespace
}  // namespace schema
