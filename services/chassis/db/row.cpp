#include <utility>

#include "services/chassis/db/database.hpp"

namespace chassis::db {

std::int64_t Row::integer(std::size_t column) const {
  const auto* value = std::get_if<std::int64_t>(&values_.at(column));
  return value == nullptr ? 0 : *value;
}

const std::string& Row::text(std::size_t column) const {
  static const std::string empty;
  const auto* value = std::get_if<std::string>(&values_.at(column));
  return value == nullptr ? empty : *value;
}

std::string Row::take_text(std::size_t column) {
  auto* text = std::get_if<std::string>(&values_.at(column));
  return text == nullptr ? std::string() : std::exchange(*text, {});
}

}  // namespace chassis::db
