// Pattern 13. The payment provider refuses in its own words and our payment is declined in ours; a booking of which no
// answer came is found by its reference, and is the only one.

#include <algorithm>

#include "cli/provider/journal.hpp"
#include "cli/provider/laboratory.hpp"
#include "cli/verify/flow.hpp"
#include "cli/verify/patterns/patterns.hpp"
#include "cli/verify/sample.hpp"
#include "cli/verify/services.hpp"

namespace verify::anti_corruption {
namespace {

using base::Json;

constexpr const char* provider_name = "legacy-payments";
constexpr Ms decline_patience{10'000};
constexpr Ms booking_patience{10'000};
constexpr Ms reconcile_patience{20'000};  // the attempt has to become invalid before it is searched for

base::Error wrong(const std::string& what) { return base::fail(base::ErrorCode::invalid, what); }

std::uint16_t provider_port(const spec::Cluster& cluster) {
  const auto found = cluster.services.find(provider_name);
  return found == cluster.services.end() ? std::uint16_t{0} : port_of(found->second);
}

base::Result<std::string> ask_provider(World& world, const std::string& method, const std::string& target,
                                       const std::string& form = {}) {
  auto request = get(target);
  request.method = method;
  if (!form.empty()) request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  request.body = form;
  TRY(const auto response, world.http(provider_port(world.cluster()), std::move(request), answer_timeout));
  if (response.status == 200) return response.body.substr(0, response.body.find_last_not_of('\n') + 1);
  return wrong(method + " " + target + " at " + provider_name + " got " + std::to_string(response.status));
}

// What is at fault in the provider's sandbox for the time of a scope; then it is as it was before.
class Fault {
 public:
  Fault(World& world, std::string before)
      : undo_(world, [&world, before = std::move(before)] {
          static_cast<void>(ask_provider(world, "DELETE", provider::laboratory));
          static_cast<void>(ask_provider(world, "PUT", provider::laboratory, before));
        }) {}
  void end() { undo_.now(); }

 private:
  Undo undo_;
};

// The journal from where it was read last; grows only.
class Journal {
 public:
  explicit Journal(World& world) : world_(world) {}

  base::Result<std::size_t> bookings_of(const std::string& reference) {
    TRY(read_on());
    return static_cast<std::size_t>(std::count_if(bookings_.begin(), bookings_.end(), [&](const auto& one) {
      return one.reference == reference && !one.is_refund;
    }));
  }

 private:
  base::Result<void> read_on() {
    bookings_.resize(known_);  // the last page is read again, with what came to it
    for (;;) {
      TRY(const auto text, ask_provider(world_, "GET", provider::journal_target(from_)));
      TRY(auto page, provider::read_journal(text + "\n"));
      std::move(page.bookings.begin(), page.bookings.end(), std::back_inserter(bookings_));
      if (page.next == 0) return base::success();
      from_ = page.next;
      known_ = bookings_.size();
    }
  }

  World& world_;
  std::int64_t from_ = 0;
  std::size_t known_ = 0;
  std::vector<provider::Booking> bookings_;
};

// A quantity of the sample SKU that nobody else is likely to order in the meantime.
int odd_quantity(World& world) { return 2'000 + static_cast<int>(world.random().below(7'000)); }

base::Result<std::string> refused(World& world, Journal& journal, const std::string& user, const std::string& before) {
  const int quantity = odd_quantity(world);
  Fault fault(world, before);
  TRY(ask_provider(world, "PUT", provider::laboratory, provider::without_cover(quantity)));
  TRY(const auto order, place(world, sample_order(user, quantity)));
  if (order.status != 201) return wrong("an order got " + std::to_string(order.status) + " instead of 201");
  TRY(const auto payment, await_payment(world, order.order_id, "declined", decline_patience));
  TRY(const auto ended, await_order(world, order.order_id, "cancelled", decline_patience));
  fault.end();
  const auto id = text_of(payment, "id");
  if (text_of(payment, "reason") != "insufficient_funds") {
    return wrong("payment " + id + " was refused with code 51 (no cover), and is declined because of " +
                 text_of(payment, "reason"));
  }
  if (const auto word = provider::word_in(base::dump_json(payment)); !word.empty()) {
    return wrong("payment " + id + " has a word of the provider's: " + word);
  }
  if (text_of(ended, "reason") != "payment_declined") {
    return wrong("order " + order.order_id + " is cancelled because of " + text_of(ended, "reason"));
  }
  TRY(const auto count, journal.bookings_of(id));
  if (count != 0) return wrong("payment " + id + " is declined, and booked " + std::to_string(count) + " times");
  return "The provider answered code 51 to " + std::to_string(quantity) + ",00 in currency 978: payment " + id +
         " is declined because of insufficient_funds, and nothing is booked.";
}

base::Result<std::string> reconciled(World& world, Journal& journal, const std::string& user,
                                     const std::string& before) {
  Fault fault(world, before);
  TRY(ask_provider(world, "PUT", provider::laboratory, provider::silent));
  TRY(const auto order, place_order(world, user));
  if (order.status != 201) return wrong("an order got " + std::to_string(order.status) + " instead of 201");
  TRY(const auto payment, await_payment(world, order.order_id, "pending", booking_patience));
  const auto id = text_of(payment, "id");
  base::Result<std::size_t> count = std::size_t{0};
  TRY(const bool is_booked, wait_until(
                                world, booking_patience,
                                [&] {
                                  count = journal.bookings_of(id);
                                  return count && count.value() > 0;
                                },
                                Ms(50)));
  if (!count) return count.error();
  if (!is_booked) return wrong("payment " + id + " was not booked while the provider gave no answers");
  fault.end();
  const auto answers = world.clock().monotonic();
  TRY(await_payment(world, order.order_id, "authorized", reconcile_patience));
  const auto took = ms_since(world, answers);
  TRY(await_order(world, order.order_id, "confirmed", reconcile_patience));
  TRY(const auto booked, journal.bookings_of(id));
  if (booked != 1) {
    return wrong("payment " + id + ", of whose booking no answer came, is booked " + std::to_string(booked) + " times");
  }
  return "Payment " + id + " was booked without an answer: found by its reference and authorized " +
         std::to_string(took) + " ms after the provider answered again, booked once.";
}

}  // namespace

base::Result<Finding> look(World& world) {
  const auto& cluster = world.cluster();
  if (const auto why = why_no_flow(cluster)) return absent(*why);
  if (provider_port(cluster) == 0) return absent("This cluster has no " + std::string(provider_name) + ".");
  TRY(const auto before, ask_provider(world, "GET", provider::laboratory));
  TRY(const auto user, sign_up(world));
  Journal journal(world);
  TRY(const auto first, refused(world, journal, user, before));
  TRY(const auto second, reconciled(world, journal, user, before));
  return passed(first + " " + second);
}

}  // namespace verify::anti_corruption
