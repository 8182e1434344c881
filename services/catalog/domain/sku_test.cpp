#include "services/catalog/domain/sku.hpp"

#include <gtest/gtest.h>

namespace catalog_service::domain {
namespace {

std::string broken_fields(const Sku& sku) {
  std::string fields;
  for (const auto& error : check(sku)) fields += error.field + " ";
  return fields;
}

TEST(CheckSku, AcceptsAGoodOne) {
  EXPECT_EQ(broken_fields({"A1", "Mug", 500, "EUR"}), "");
  EXPECT_EQ(broken_fields({"tea-1_x.Y", "Grüner Tee", 0, "EUR"}), "");
  EXPECT_EQ(broken_fields({"A1", "Mug", 1'000'000'000'000, "USD"}), "");
}

TEST(CheckSku, NamesTheField) {
  EXPECT_EQ(broken_fields({}), "sku title currency ");
  EXPECT_EQ(broken_fields({"A 1", "Mug", 500, "EUR"}), "sku ");
  EXPECT_EQ(broken_fields({std::string(65, 'a'), "Mug", 500, "EUR"}), "sku ");
  EXPECT_EQ(broken_fields({"A1", "  ", 500, "EUR"}), "title ");
  EXPECT_EQ(broken_fields({"A1", "Mug\n", 500, "EUR"}), "title ");
  EXPECT_EQ(broken_fields({"A1", std::string(201, 'x'), 500, "EUR"}), "title ");
  EXPECT_EQ(broken_fields({"A1", "Mug", -1, "EUR"}), "price_cents ");
  EXPECT_EQ(broken_fields({"A1", "Mug", 1'000'000'000'001, "EUR"}), "price_cents ");
  EXPECT_EQ(broken_fields({"A1", "Mug", 500, "eur"}), "currency ");
}

}  // namespace
}  // namespace catalog_service::domain
