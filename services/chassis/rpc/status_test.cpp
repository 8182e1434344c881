#include "services/chassis/rpc/status.hpp"

#include <gtest/gtest.h>

namespace chassis::rpc {
namespace {

TEST(RpcStatus, EachCodeHasANameOfItsOwn) {
  for (int i = 0; i <= static_cast<int>(base::ErrorCode::internal); ++i) {
    const auto code = static_cast<base::ErrorCode>(i);
    EXPECT_EQ(code_from_name(code_name(code)), code) << code_name(code);
  }
  EXPECT_EQ(code_from_name("no such code"), std::nullopt);
}

TEST(RpcStatus, FieldsKeepTheirTextAndTheLimit) {
  const std::vector<base::FieldError> fields{{"a\"[0]", "x\ny"}, {"b", std::string(100, 'z')}};
  const auto whole = decode_fields(encode_fields(fields, 1000));
  ASSERT_EQ(whole.size(), 2U);
  EXPECT_EQ(whole[0].field, "a\"[0]");
  EXPECT_EQ(whole[0].message, "x\ny");
  const auto text = encode_fields(fields, 50);
  EXPECT_LE(text.size(), 50U);
  EXPECT_EQ(decode_fields(text).size(), 1U);
}

TEST(RpcStatus, ForeignTextIsNoFields) {
  for (const auto* text : {"", "{}", "[1]", "[[\"a\"]]", "[[1,2]]"}) EXPECT_TRUE(decode_fields(text).empty()) << text;
}

}  // namespace
}  // namespace chassis::rpc
