#include "services/catalog/domain/sku.hpp"

#include <algorithm>

namespace catalog_service::domain {
namespace {

constexpr std::size_t max_sku = 64;
constexpr std::size_t max_title_bytes = 200;
constexpr std::int64_t max_price = 1'000'000'000'000;

bool is_currency(std::string_view text) {
  return text.size() == 3 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_title(std::string_view text) {
  const bool is_blank = text.find_first_not_of(' ') == std::string_view::npos;
  return !is_blank && text.size() <= max_title_bytes && std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
}

}  // namespace

bool is_sku(std::string_view text) {
  return !text.empty() && text.size() <= max_sku && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

std::vector<base::FieldError> check(const Sku& sku) {
  std::vector<base::FieldError> broken;
  if (!is_sku(sku.sku)) broken.push_back({"sku", "must be 1 to 64 letters, digits, '-', '_' or '.'"});
  if (!is_title(sku.title)) broken.push_back({"title", "must have 1 to 200 bytes and no control characters"});
  if (sku.price_cents < 0 || sku.price_cents > max_price) {
    broken.push_back({"price_cents", "must be from 0 to 1000000000000"});
  }
  if (!is_currency(sku.currency)) broken.push_back({"currency", "must be three capital letters such as EUR"});
  return broken;
}

}  // namespace catalog_service::domain
