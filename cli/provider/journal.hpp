#pragma once
// The journal of the legacy payment provider, which has words and units of its own, as bookings. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace provider {

// A charge, or a refund.
struct Booking {
  std::string reference;  // the payment's id
  bool is_refund = false;
  std::string currency;
  std::int64_t amount = 0;  // in minor units
};

struct JournalPage {
  std::vector<Booking> bookings;
  std::int64_t next = 0;  // number from which the next page goes on; 0: this is the last one
};

// Where the page from this number on is.
std::string journal_target(std::int64_t from);

// The answer to a GET of it. Errors: malformed, with the line; what cannot be read is never left out.
base::Result<JournalPage> read_journal(std::string_view text);

// "EUR" of "978" (ISO 4217); "ISO 999" of a number that is nobody's.
std::string currency_of(std::string_view number);

}  // namespace provider
