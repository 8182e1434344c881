#include "services/chassis/broker/redis/publication.hpp"

#include <gtest/gtest.h>

namespace chassis::broker::redis {
namespace {

std::vector<std::size_t> counts(std::vector<Message> messages) {
  std::vector<std::size_t> found;
  for (const auto& one : publications(std::move(messages))) found.push_back(one.messages);
  return found;
}

TEST(RedisPublications, ShareACallUpToABound) {
  EXPECT_EQ(counts({}), std::vector<std::size_t>());
  EXPECT_EQ(counts(std::vector<Message>(1, Message{"a.b", "1", {}, "{}"})), (std::vector<std::size_t>{1}));
  EXPECT_EQ(counts(std::vector<Message>(70, Message{"a.b", "1", {}, "{}"})), (std::vector<std::size_t>{32, 32, 6}));
  EXPECT_EQ(counts(std::vector<Message>(5, Message{"a.b", "1", {}, std::string(100'000, 'x')})),
            (std::vector<std::size_t>{2, 2, 1}));
  EXPECT_EQ(counts(std::vector<Message>(2, Message{"a.b", "1", {}, std::string(900'000, 'x')})),
            (std::vector<std::size_t>{1, 1}));
}

TEST(RedisPublications, SayHowManyWordsEachMessageHas) {
  Message first{"a.b", "1", {}, "body"};
  first.headers.add("x", "y");
  Message second{"a.c", "2", {}, ""};
  second.after = "1";
  const auto made = publications({first, second});
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(
      made[0].command.words,
      (std::vector<std::string>{"120000", "a.b", "1", "",  "8", "subject", "a.b", "id", "1", "header.x", "y", "body",
                                "body",   "a.c", "2", "1", "6", "subject", "a.c", "id", "2", "body",     ""}));
}

}  // namespace
}  // namespace chassis::broker::redis
