#include "supervisor/posix/port_table.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/http/server.hpp"

namespace posix {
namespace {

TEST(PortTable, names_the_process_that_listens) {
  PortTable table;
  std::uint16_t port = 0;
  {
    const auto listener = base::http::Listener::tcp("127.0.0.1", 0);
    ASSERT_TRUE(listener);
    port = listener.value().port();
    const auto owner = table.owner(port);
    ASSERT_TRUE(owner);
    EXPECT_EQ(owner->pid, ::getpid());
    EXPECT_NE(owner->command.find("supervisor_posix_test"), std::string::npos);
  }
  EXPECT_FALSE(table.owner(port));
}

}  // namespace
}  // namespace posix
