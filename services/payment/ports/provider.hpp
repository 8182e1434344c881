#pragma once
// Who charges and pays back, in this service's words. What others call these things stays behind the adapter.
// Thread-safe.

#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace payment_service::ports {

enum class Purpose : std::uint8_t { charge, refund };

struct Demand {
  Purpose purpose = Purpose::charge;
  std::string reference;  // the payment's id
  std::int64_t amount_cents = 0;
  std::string currency;
  base::Wall valid_until;  // after it the provider does nothing for this demand any more
};

enum class Verdict : std::uint8_t {
  authorized,  // it is done, for certain
  declined,    // it is not done, for certain, and will not be when it is asked for again
  unknown,     // it may be done, or may still be until the demand's time is over
  not_asked,   // it is not done, for certain: nothing reached the provider
};

struct Outcome {
  Verdict verdict = Verdict::unknown;
  std::string reason;  // of a decline: insufficient_funds, card_refused, …; else for the log
};

struct Finding {
  int times = 0;     // how often it is booked; more than once is a defect that a person must hear of
  base::Wall as_of;  // the provider's own clock; demands valid until before it that are not found will never be booked
};

class Provider {
 public:
  virtual ~Provider() = default;
  // Never fails: what is not certain is unknown.
  virtual base::Task<Outcome> ask(Demand demand) = 0;
  // What the provider has booked of a demand like this. Errors: unavailable, timeout, bad_gateway.
  virtual base::Task<base::Result<Finding>> find(Demand demand) = 0;
  virtual base::Task<base::Result<void>> ping(base::Monotonic deadline) = 0;
};

}  // namespace payment_service::ports
