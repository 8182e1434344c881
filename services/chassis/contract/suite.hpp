#pragma once
// A GoogleTest fixture for the contract of one pair. Each test declares interactions, exercises its client against the
// mock server and ends; what it declared goes into the pair's Pact file when it passed.
//
//   struct Pair { static constexpr const char* consumer = "gateway"; static constexpr const char* provider =
//   "user-service"; }; class GatewayUser : public chassis::contract::Suite<Pair> {}; TEST_F(GatewayUser, ReadsAUser) {
//   contract.given(…)… }
//
// One suite per pair. The program needs `msctl_contracts(TARGET)` in its CMakeLists.txt, which tells where the files
// are.

#include <cstdio>

#include <gtest/gtest.h>

#include "services/chassis/contract/contract.hpp"
#include "services/chassis/contract/pact_file.hpp"

// Made by msctl_contracts().
extern "C" const char msctl_contracts_folder[];

namespace chassis::contract {

template <class Pair>
class Suite : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    file_ = std::make_unique<PactFile>(msctl_contracts_folder, Pair::consumer, Pair::provider);
    failed_ = false;
  }

  void TearDown() override {
    const auto verdict = contract.verdict();
    EXPECT_EQ(verdict, "") << "between " << Pair::consumer << " and " << Pair::provider;
    if (HasFailure()) {
      failed_ = true;
    } else if (const auto added = file_->add(contract.pact()); !added) {
      failed_ = true;
      ADD_FAILURE() << added.error().message;
    }
  }

  static void TearDownTestSuite() {
    const auto& suite = *::testing::UnitTest::GetInstance()->current_test_suite();
    if (failed_ || suite.test_to_run_count() != suite.total_test_count()) {
      std::printf("the Pact file was neither written nor compared: %s\n",
                  failed_ ? "a test failed" : "not all tests of the suite ran");
    } else if (const auto finished = file_->finish(PactFile::writing()); !finished) {
      ADD_FAILURE() << finished.error().message;
    }
    file_.reset();
  }

  Contract contract{Pair::consumer, Pair::provider};

 private:
  static inline std::unique_ptr<PactFile> file_;
  static inline bool failed_ = false;
};

}  // namespace chassis::contract
