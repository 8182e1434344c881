#include "services/payment/domain/payment.hpp"

#include <algorithm>
#include <array>

namespace payment_service::domain {
namespace {

constexpr std::size_t longest_order_id = 128;
constexpr std::int64_t highest_amount = 1'000'000'000'000'000;

using enum Status;
using Row = std::array<Step, inputs>;

// A column for each Input, in order: charged, declined, not_charged, refund_asked, refund_asked_in_doubt, paid_back.
constexpr std::array<Row, statuses> table{{
    // pending: not_charged leaves it to be charged
    {{{authorized, Tell::authorized},
      {declined, Tell::declined},
      {pending, Tell::nothing},
      {voided, Tell::refunded},
      {void_pending, Tell::nothing},
      {pending, Tell::nothing}}},
    // authorized
    {{{authorized, Tell::nothing},
      {authorized, Tell::nothing},
      {authorized, Tell::nothing},
      {refund_pending, Tell::nothing},
      {refund_pending, Tell::nothing},
      {authorized, Tell::nothing}}},
    // declined
    {{{declined, Tell::nothing},
      {declined, Tell::nothing},
      {declined, Tell::nothing},
      {declined, Tell::refunded},
      {declined, Tell::refunded},
      {declined, Tell::nothing}}},
    // void_pending: nobody hears any more that it was authorised
    {{{refund_pending, Tell::nothing},
      {voided, Tell::refunded},
      {voided, Tell::refunded},
      {void_pending, Tell::nothing},
      {void_pending, Tell::nothing},
      {void_pending, Tell::nothing}}},
    // refund_pending
    {{{refund_pending, Tell::nothing},
      {refund_pending, Tell::nothing},
      {refund_pending, Tell::nothing},
      {refund_pending, Tell::nothing},
      {refund_pending, Tell::nothing},
      {refunded, Tell::refunded}}},
    // refunded
    {{{refunded, Tell::nothing},
      {refunded, Tell::nothing},
      {refunded, Tell::nothing},
      {refunded, Tell::refunded},
      {refunded, Tell::refunded},
      {refunded, Tell::nothing}}},
    // voided
    {{{voided, Tell::nothing},
      {voided, Tell::nothing},
      {voided, Tell::nothing},
      {voided, Tell::refunded},
      {voided, Tell::refunded},
      {voided, Tell::nothing}}},
}};
static_assert(static_cast<std::size_t>(voided) + 1 == table.size(), "a row for each state");
static_assert(static_cast<std::size_t>(Input::paid_back) + 1 == inputs, "a column for each input");

constexpr std::array<std::string_view, statuses> names{"pending",        "authorized", "declined", "void_pending",
                                                       "refund_pending", "refunded",   "voided"};

bool is_currency(const std::string& text) {
  return text.size() == 3 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

Step step(Status status, Input input) {
  return table[static_cast<std::size_t>(status)][static_cast<std::size_t>(input)];
}

bool has_work(Status status) { return status == pending || status == void_pending || status == refund_pending; }

bool was_charged(Status status) { return status == authorized || status == refund_pending || status == refunded; }

std::string_view name_of(Status status) { return names[static_cast<std::size_t>(status)]; }

std::string_view public_name_of(Status status) { return name_of(status == void_pending ? refund_pending : status); }

std::optional<Status> status_of(std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Status>(found - names.begin());
}

std::vector<base::FieldError> check(const NewPayment& payment) {
  std::vector<base::FieldError> broken;
  if (payment.order_id.empty() || payment.order_id.size() > longest_order_id) {
    broken.push_back({"order_id", "must be the id of an order"});
  }
  if (payment.amount_cents < 0 || payment.amount_cents > highest_amount) {
    broken.push_back({"amount_cents", "must be from 0 to " + std::to_string(highest_amount)});
  }
  if (!is_currency(payment.currency)) broken.push_back({"currency", "must be three capital letters such as EUR"});
  return broken;
}

}  // namespace payment_service::domain
