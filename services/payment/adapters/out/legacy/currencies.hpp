#pragma once
// Currencies by ISO 4217: the number under which the provider knows them and the decimals of their minor unit. Pure.

#include <cstddef>
#include <string_view>

namespace payment_service::legacy {

struct Currency {
  std::string_view code;    // EUR
  std::string_view number;  // 978
  std::size_t decimals;     // 2: a minor unit is a hundredth
};

// Null when there is none of that code.
const Currency* currency_of(std::string_view code);

}  // namespace payment_service::legacy
