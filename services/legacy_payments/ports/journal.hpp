#pragma once
// Where bookings are kept. Thread-safe.

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "services/legacy_payments/domain/booking.hpp"

namespace legacy_payments::ports {

struct Booked {
  std::string code;
  domain::Booking booking;  // of code 00
};

struct Listing {
  std::vector<domain::Booking> bookings;
  std::string as_of;      // the clock by which bookings come too late, as it stood then
  bool has_more = false;  // of a page
};

class Journal {
 public:
  virtual ~Journal() = default;
  // Books, however often the reference was booked before; durable when this returns. Code too_late, and nothing booked,
  // after `valid_until`; no_such_booking for a reversal of what was never charged. Errors: unavailable, timeout.
  virtual base::Task<base::Result<Booked>> book(base::Monotonic deadline, domain::Wanted wanted) = 0;
  // All bookings of the reference. What is not among them and was valid until before `as_of` will never be booked.
  virtual base::Task<base::Result<Listing>> find(base::Monotonic deadline, std::string reference) = 0;
  // From number `from` on, at most `limit`.
  virtual base::Task<base::Result<Listing>> list(base::Monotonic deadline, std::int64_t from, std::int64_t limit) = 0;
  virtual base::Task<base::Result<void>> ping(base::Monotonic deadline) = 0;
};

}  // namespace legacy_payments::ports
