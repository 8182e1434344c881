#pragma once
// What a payment is, which rules it keeps, and what becomes of it: a table of states. Money is an integer number of
// minor units. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace payment_service::domain {

enum class Status : std::uint8_t {
  pending,         // to be charged
  authorized,      // charged
  declined,        // not charged, for good
  void_pending,    // to be paid back, and it is not known whether anything was charged
  refund_pending,  // charged, to be paid back
  refunded,        // charged and paid back
  voided,          // never charged, and never will be
};
inline constexpr std::size_t statuses = 7;

// What is learned of a payment.
enum class Input : std::uint8_t {
  charged,                // the provider has charged it
  declined,               // the provider will not charge it
  not_charged,            // it is certain that nothing was charged
  refund_asked,           // nothing is under way at the provider
  refund_asked_in_doubt,  // an attempt to charge may be under way, or have been
  paid_back,              // the provider has paid it back
};
inline constexpr std::size_t inputs = 6;

// What others are to hear of it.
enum class Tell : std::uint8_t { nothing, authorized, declined, refunded };

struct Step {
  Status next;
  Tell tell;
  bool operator==(const Step&) const = default;
};

// What a state makes of an input. What comes too late changes nothing; a request to refund is answered in every state
// in which it is known what becomes of it, however often it comes.
Step step(Status status, Input input);

// Whether the provider has to be asked.
bool has_work(Status status);
// Whether something was charged at some time, so that a refund pays it back.
bool was_charged(Status status);

// As kept. As others see it, void_pending is refund_pending.
std::string_view name_of(Status status);
std::string_view public_name_of(Status status);
std::optional<Status> status_of(std::string_view name);

struct NewPayment {
  std::string order_id;
  std::int64_t amount_cents = 0;
  std::string currency;
};

struct Payment {
  std::string id;
  std::string order_id;
  Status status = Status::pending;
  std::int64_t amount_cents = 0;
  std::string currency;    // empty: there was no payment, only the request to refund it
  std::string reason;      // of a decline
  std::string created_at;  // RFC 3339
  std::string updated_at;
  bool is_tombstone() const { return currency.empty(); }
};

// Every rule that is broken, by field; empty when none is.
std::vector<base::FieldError> check(const NewPayment& payment);

}  // namespace payment_service::domain
