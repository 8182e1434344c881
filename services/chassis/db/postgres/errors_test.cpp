#include "services/chassis/db/postgres/errors.hpp"

#include <gtest/gtest.h>

namespace chassis::db {
namespace {

using base::ErrorCode;

ErrorCode code_of(const std::string& state) { return translate_error(state, "ERROR:  x").error.code; }

TEST(PostgresErrors, AreWhatTheCallerCanActOn) {
  EXPECT_EQ(code_of("23505"), ErrorCode::conflict);
  EXPECT_EQ(code_of("23503"), ErrorCode::conflict);
  EXPECT_EQ(code_of("57014"), ErrorCode::timeout);
  EXPECT_EQ(code_of("22021"), ErrorCode::invalid);
  EXPECT_EQ(code_of("42601"), ErrorCode::internal);
  EXPECT_EQ(code_of("22P02"), ErrorCode::internal);
  EXPECT_EQ(code_of("XX000"), ErrorCode::internal);
  EXPECT_EQ(code_of(""), ErrorCode::internal);
  for (const char* state : {"40001", "40P01", "53100", "53300", "57P01", "57P03", "55P03", "08006", "58030", "25006"}) {
    const auto translated = translate_error(state, "ERROR:  x");
    EXPECT_EQ(translated.error.code, ErrorCode::unavailable) << state;
    EXPECT_TRUE(translated.error.retry_after) << state;
    EXPECT_EQ(translated.may_try_again, std::string(state).starts_with("40")) << state;
  }
}

TEST(PostgresErrors, ShowNamesButNoValues) {
  EXPECT_EQ(translate_error("23505",
                            "ERROR:  duplicate key value violates unique constraint \"people_name_key\"\n"
                            "DETAIL:  Key (name)=(Ada) already exists.\n")
                .error.message,
            "database: duplicate key value violates unique constraint \"people_name_key\"");
  EXPECT_EQ(translate_error("22P02", "ERROR:  invalid input syntax for type bigint: \"Ada\"\n").error.message,
            "database: the statement failed (SQLSTATE 22P02)");
}

}  // namespace
}  // namespace chassis::db
