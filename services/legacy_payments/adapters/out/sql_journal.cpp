#include "services/legacy_payments/adapters/out/sql_journal.hpp"

namespace legacy_payments::adapters {

namespace db = chassis::db;

using base::Result;
using ports::Booked;
using ports::Listing;

namespace {

constexpr std::string_view columns = "SELECT beleg, satzart, haendler_ref, betrag, waehrung, zeit FROM journal ";

domain::Booking booking_of(const db::Row& row) {
  return {row.integer(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5)};
}

Result<bool> was_charged(db::Transaction& tx, const std::string& reference) {
  TRY(const auto found, tx.exec("SELECT 1 FROM journal WHERE haendler_ref = $1 AND satzart = $2 LIMIT 1",
                                {reference, std::string(domain::charge)}));
  return !found.rows.empty();
}

Result<Booked> book_in(db::Transaction& tx, const domain::Wanted& wanted, const std::string& now) {
  if (now > wanted.valid_until) return Booked{std::string(domain::code::too_late), {}};
  if (wanted.kind == domain::reversal) {
    TRY(const bool is_known, was_charged(tx, wanted.reference));
    if (!is_known) return Booked{std::string(domain::code::no_such_booking), {}};
  }
  TRY(const auto added, tx.exec("INSERT INTO journal (satzart, haendler_ref, betrag, waehrung, zeit)"
                                " VALUES ($1, $2, $3, $4, $5) RETURNING beleg",
                                {wanted.kind, wanted.reference, wanted.amount, wanted.currency, now}));
  Booked booked{std::string(domain::code::booked), {}};
  booked.booking = {added.rows.at(0).integer(0), wanted.kind, wanted.reference, wanted.amount, wanted.currency, now};
  return booked;
}

}  // namespace

base::Task<Result<Booked>> SqlJournal::book(base::Monotonic deadline, domain::Wanted wanted) {
  std::function<Result<Booked>(db::Transaction&)> work = [this, wanted = std::move(wanted)](db::Transaction& tx) {
    return book_in(tx, wanted, domain::stamp(clock_.wall()));
  };
  co_return co_await database_.write(deadline, std::move(work));
}

// A write that writes nothing: a snapshot would not show a booking that is being committed.
base::Task<Result<Listing>> SqlJournal::find(base::Monotonic deadline, std::string reference) {
  std::function<Result<Listing>(db::Transaction&)> work =
      [this, reference = std::move(reference)](db::Transaction& tx) -> Result<Listing> {
    Listing listing{{}, domain::stamp(clock_.wall())};
    TRY(const auto found, tx.exec(std::string(columns) + "WHERE haendler_ref = $1 ORDER BY beleg", {reference}));
    for (const auto& row : found.rows) listing.bookings.push_back(booking_of(row));
    return listing;
  };
  co_return co_await database_.write(deadline, std::move(work));
}

base::Task<Result<Listing>> SqlJournal::list(base::Monotonic deadline, std::int64_t from, std::int64_t limit) {
  std::function<Result<Listing>(db::Transaction&)> work = [this, from, limit](db::Transaction& tx) -> Result<Listing> {
    Listing listing{{}, domain::stamp(clock_.wall())};
    TRY(const auto found,
        tx.exec(std::string(columns) + "WHERE beleg >= $1 ORDER BY beleg LIMIT $2", {from, limit + 1}));
    for (const auto& row : found.rows) listing.bookings.push_back(booking_of(row));
    listing.has_more = static_cast<std::int64_t>(listing.bookings.size()) > limit;
    if (listing.has_more) listing.bookings.pop_back();
    return listing;
  };
  co_return co_await database_.read(deadline, std::move(work));
}

}  // namespace legacy_payments::adapters
