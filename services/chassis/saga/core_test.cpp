#include "services/chassis/saga/core.hpp"

#include <gtest/gtest.h>

namespace chassis::saga {
namespace {

using namespace std::chrono_literals;

Definition trip() {
  return {"trip",
          {{"train", "train.wanted", "train.booked", "train.full", 1s, "train.unwanted", "train.cancelled"},
           {"lunch", "lunch.wanted", "lunch.booked", "lunch.full", 1s, "", ""},
           {"hotel", "hotel.wanted", "hotel.booked", "hotel.full", 1s, "hotel.unwanted", "hotel.cancelled"}},
          "trip.booked",
          "trip.cancelled"};
}

// One line: the phase, the step, why, and what is said.
std::string told(const Outcome& outcome) {
  const auto definition = trip();
  std::string text = std::string(name_of(outcome.state.phase)) + " " + std::to_string(outcome.state.step);
  if (!outcome.state.reason.empty()) text += " (" + outcome.state.reason + ")";
  for (const auto& action : outcome.actions) text += " " + said_by(definition, action);
  return text;
}

std::string after(const State& state, const Event& event) { return told(step(trip(), state, event)); }

TEST(SagaCore, BeginsWithTheFirstStep) { EXPECT_EQ(told(begin(trip())), "running 0 train.wanted"); }

TEST(SagaCore, GoesForwardStepByStepAndIsCompleted) {
  EXPECT_EQ(after({Phase::running, 0}, {What::done, 0}), "running 1 lunch.wanted");
  EXPECT_EQ(after({Phase::running, 1}, {What::done, 1}), "running 2 hotel.wanted");
  EXPECT_EQ(after({Phase::running, 2}, {What::done, 2}), "completed 2 trip.booked");
}

TEST(SagaCore, ARefusedStepIsNotUndoneAndThoseBeforeItAre) {
  EXPECT_EQ(after({Phase::running, 0}, {What::refused, 0, "full"}), "compensated 0 (full) trip.cancelled");
  EXPECT_EQ(after({Phase::running, 2}, {What::refused, 2, "full"}), "compensating 0 (full) train.unwanted")
      << "lunch cannot be undone";
  EXPECT_EQ(after({Phase::running, 0}, {What::refused, 0}), "compensated 0 (train_refused) trip.cancelled");
}

TEST(SagaCore, AStepWhoseAnswerIsOpenIsUndoneToo) {
  EXPECT_EQ(after({Phase::running, 0}, {What::timed_out}), "compensating 0 (train_timeout) train.unwanted");
  EXPECT_EQ(after({Phase::running, 2}, {What::timed_out}), "compensating 2 (hotel_timeout) hotel.unwanted");
  EXPECT_EQ(after({Phase::running, 2}, {What::cancel, 0, "ill"}), "compensating 2 (ill) hotel.unwanted");
  EXPECT_EQ(after({Phase::running, 1}, {What::cancel, 0, "ill"}), "compensating 0 (ill) train.unwanted");
}

TEST(SagaCore, UndoesInReverseOrderAndAsksAgain) {
  EXPECT_EQ(after({Phase::compensating, 2, "ill"}, {What::compensated, 2}), "compensating 0 (ill) train.unwanted");
  EXPECT_EQ(after({Phase::compensating, 0, "ill"}, {What::compensated, 0}), "compensated 0 (ill) trip.cancelled");
  EXPECT_EQ(after({Phase::compensating, 2, "ill"}, {What::timed_out}), "compensating 2 (ill) hotel.unwanted");
}

TEST(SagaCore, NothingMovesWhereNothingIsWaitedFor) {
  const std::vector<Event> all{{What::done, 2},
                               {What::refused, 2, "late"},
                               {What::compensated, 2},
                               {What::timed_out},
                               {What::cancel, 0, "late"}};
  const auto stays = [](const State& state, const Event& event) {
    const auto outcome = step(trip(), state, event);
    EXPECT_EQ(outcome.state, state) << name_of(state.phase) << " " << name_of(event.what);
    EXPECT_TRUE(outcome.actions.empty()) << name_of(state.phase) << " " << name_of(event.what);
  };
  for (const auto& event : all) {
    stays({Phase::completed, 2}, event);
    stays({Phase::compensated, 2, "ill"}, event);
  }
  stays({Phase::running, 2}, {What::compensated, 2});
  stays({Phase::compensating, 2, "ill"}, {What::done, 2});
  stays({Phase::compensating, 2, "ill"}, {What::refused, 2, "late"});
  stays({Phase::compensating, 2, "ill"}, {What::cancel, 0, "again"});
}

TEST(SagaCore, TheAnswerOfAnotherStepIsPassedOver) {
  for (const auto phase : {Phase::running, Phase::compensating}) {
    for (const auto what : {What::done, What::refused, What::compensated}) {
      for (const std::size_t other : {0U, 2U}) {
        const State state{phase, 1, phase == Phase::running ? "" : "ill"};
        EXPECT_TRUE(step(trip(), state, {what, other}).actions.empty()) << name_of(phase) << " " << name_of(what);
      }
    }
  }
}

TEST(SagaCore, KnowsAnswersByTheirTypes) {
  const auto booked = answer_of(trip(), "hotel.booked");
  ASSERT_TRUE(booked);
  EXPECT_EQ(booked->what, What::done);
  EXPECT_EQ(booked->step, 2U);
  EXPECT_EQ(answer_of(trip(), "train.full")->what, What::refused);
  EXPECT_EQ(answer_of(trip(), "train.cancelled")->what, What::compensated);
  EXPECT_FALSE(answer_of(trip(), "train.wanted"));
  EXPECT_FALSE(answer_of(trip(), "")) << "a step that cannot be undone has no such answer";
}

TEST(SagaCore, NamesItsPhases) {
  for (std::size_t i = 0; i < phases; ++i) {
    const auto phase = static_cast<Phase>(i);
    EXPECT_EQ(phase_of(name_of(phase)), phase);
  }
  EXPECT_FALSE(phase_of("stuck"));
}

}  // namespace
}  // namespace chassis::saga
