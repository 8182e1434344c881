#include "services/chassis/broker/outstanding.hpp"

#include <gtest/gtest.h>

#include "services/chassis/broker/errors.hpp"

namespace chassis::broker {
namespace {

// Five messages, those inside quiet.
class QuietMessages : public ::testing::Test {
 protected:
  void answer(std::size_t place, base::Result<Stored> result) {
    outstanding.answer(batch->first + place, std::move(result));
  }
  std::vector<std::uint64_t> sequences() const {
    std::vector<std::uint64_t> found;
    for (const auto& one : told) found.push_back(one ? one.value().sequence : 0);
    return found;
  }

  using Sequences = std::vector<std::uint64_t>;
  Results told;
  Outstanding outstanding;
  std::shared_ptr<Batch> batch =
      outstanding.add(5, [this](Results results) { told = std::move(results); }, {false, true, true, true, false});
};

TEST_F(QuietMessages, AreStoredWhenAllBetweenTwoNewOnesAre) {
  answer(0, Stored{7, false});
  EXPECT_TRUE(told.empty());
  answer(4, Stored{11, false});
  EXPECT_EQ(sequences(), (Sequences{7, 8, 9, 10, 11}));
}

TEST_F(QuietMessages, AreInDoubtWhenFewerOrMoreWereStoredInBetween) {
  for (const std::uint64_t end : {10, 12}) {
    batch =
        outstanding.add(5, [this](Results results) { told = std::move(results); }, {false, true, true, true, false});
    answer(0, Stored{7, false});
    answer(4, Stored{end, false});
    ASSERT_EQ(sequences(), (Sequences{7, 0, 0, 0, end}));
    EXPECT_EQ(told.at(2).error().code, base::ErrorCode::conflict);
  }
}

TEST_F(QuietMessages, AreInDoubtBesideARepetition) {
  answer(0, Stored{7, true});
  answer(4, Stored{11, false});
  EXPECT_EQ(sequences(), (Sequences{7, 0, 0, 0, 11}));
}

TEST_F(QuietMessages, AreInDoubtBeforeARepetition) {
  answer(0, Stored{7, false});
  answer(4, Stored{11, true});
  EXPECT_EQ(sequences(), (Sequences{7, 0, 0, 0, 11}));
}

TEST_F(QuietMessages, AreInDoubtBeforeWhatWasRefused) {
  answer(0, Stored{7, false});
  answer(4, out_of_turn());
  EXPECT_EQ(sequences(), (Sequences{7, 0, 0, 0, 0}));
}

TEST_F(QuietMessages, AreInDoubtWhenNothingBeforeThemIsKnown) {
  answer(4, Stored{11, false});
  EXPECT_TRUE(told.empty());
  answer(0, Stored{7, false});
  EXPECT_EQ(sequences(), (Sequences{7, 0, 0, 0, 11}));
}

TEST_F(QuietMessages, HaveTheirOwnErrorWhenTheyCouldNotBeSent) {
  answer(2, base::fail(base::ErrorCode::too_large, "too large"));
  answer(0, Stored{7, false});
  answer(4, out_of_turn());
  EXPECT_EQ(told.at(1).error().code, base::ErrorCode::conflict);
  EXPECT_EQ(told.at(2).error().code, base::ErrorCode::too_large);
}

TEST_F(QuietMessages, EndWithTheirBatch) {
  answer(0, Stored{7, false});
  outstanding.finish_all(unavailable("lost"));
  EXPECT_EQ(told.at(1).error().code, base::ErrorCode::unavailable);
}

}  // namespace
}  // namespace chassis::broker
