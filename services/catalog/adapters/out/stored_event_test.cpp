#include "services/catalog/adapters/out/stored_event.hpp"

#include <gmock/gmock.h>

namespace catalog_service::adapters {
namespace {

using base::ErrorCode;
using domain::Change;
using domain::StockEvent;
using ::testing::HasSubstr;

TEST(StoredEvent, ReadsWhatItWrites) {
  for (const auto& event : {StockEvent{Change::received, 5}, StockEvent{Change::reserved, 1, "o1"},
                            StockEvent{Change::released, 1'000'000'000'000, "o2"}}) {
    const auto read = from_stored(to_stored(event));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read.value(), event);
  }
}

TEST(StoredEvent, LiftsTheFirstForm) {
  const auto first = from_stored({"stock_reserved", 1, R"({"qty":3})", "o1"});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first.value(), (StockEvent{Change::reserved, 3, "o1"}));
  EXPECT_FALSE(from_stored({"stock_reserved", 2, R"({"qty":3})", "o1"})) << "a later form may not look like the first";
}

TEST(StoredEvent, WhatANewerProgramWroteIsForThatProgram) {
  const auto newer = from_stored({"stock_reserved", 3, R"({"quantity":3})", "o1"});
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, ErrorCode::unavailable);
  EXPECT_THAT(newer.error().message, HasSubstr("stock_reserved of version 3 was written by a newer program"));
  EXPECT_EQ(from_stored({"stock_counted", 1, "{}", ""}).error().code, ErrorCode::unavailable);
}

TEST(StoredEvent, WhatNobodyWroteIsADefect) {
  for (const char* data : {"", "[]", "{", "{}", R"({"quantity":"3"})", R"({"quantity":1.5})"}) {
    const auto read = from_stored({"stock_received", 2, data, ""});
    ASSERT_FALSE(read) << data;
    EXPECT_EQ(read.error().code, ErrorCode::internal) << data;
  }
  EXPECT_EQ(from_stored({"stock_received", 0, "{}", ""}).error().code, ErrorCode::internal);
}

}  // namespace
}  // namespace catalog_service::adapters
