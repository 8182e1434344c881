#include "services/legacy_payments/adapters/in/counter.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include "services/legacy_payments/adapters/in/lab_form.hpp"

namespace legacy_payments::adapters {
namespace {

using base::http::Request;
using base::http::Response;
using domain::Lab;
using domain::Mood;
namespace code = domain::code;

constexpr std::chrono::seconds patience{5};
constexpr std::chrono::milliseconds slice{100};
constexpr std::chrono::seconds silence{60};

Response plain(int status, std::string text) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain; charset=ISO-8859-1");
  response.body = std::move(text) + "\n";
  return response;
}

using Fields = std::map<std::string, std::string>;

// Empty when it cannot be read or names a field twice.
Fields fields_of(std::string_view form) {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (!base::http::parse_query(form, pairs)) return {};
  Fields fields(pairs.begin(), pairs.end());
  return fields.size() == pairs.size() ? fields : Fields();
}

domain::Wanted wanted_of(Fields fields) {
  return {fields["SATZART"], fields["HAENDLER_REF"], fields["BETRAG"], fields["WAEHRUNG"], fields["GUELTIG_BIS"]};
}

std::string answer(std::string_view code, const domain::Wanted& wanted) {
  return "CODE=" + std::string(code) + ";HAENDLER_REF=" + wanted.reference + ";ENDE";
}

std::string line(const domain::Booking& booking) {
  std::string number = std::to_string(booking.number);
  number.insert(0, 10 - std::min<std::size_t>(number.size(), 10), '0');
  return "BELEG=" + number + ";SATZART=" + booking.kind + ";HAENDLER_REF=" + booking.reference +
         ";BETRAG=" + booking.amount + ";WAEHRUNG=" + booking.currency + ";ZEIT=" + booking.booked_at;
}

std::string lines(const ports::Listing& listing, const std::string& more) {
  std::string text = "ANZAHL=" + std::to_string(listing.bookings.size()) + more + ";UHR=" + listing.as_of + "\n";
  for (const auto& booking : listing.bookings) text += line(booking) + "\n";
  return text + "ENDE";
}

}  // namespace

base::Task<Response> Counter::handle(Request request) {
  const std::string path(request.path());
  if (path == "/zahlung" && request.method == "POST") co_return co_await payment(std::move(request));
  if (path == "/suche" && request.method == "GET") co_return co_await search(std::move(request));
  if (path == "/journal" && request.method == "GET") co_return co_await journal(std::move(request));
  if (path == "/stand" && request.method == "GET") co_return co_await state();
  if (path == "/labor") co_return laboratory(request);
  co_return plain(404, "NICHT GEFUNDEN");
}

Response Counter::refuse(int status, std::string_view /*detail*/, const Request& /*request*/) {
  return plain(status, "UNLESBAR");
}

Lab Counter::lab() const {
  const std::lock_guard lock(mutex_);
  return lab_;
}

base::Monotonic Counter::soon() const { return env_.clock.monotonic() + patience; }

base::Task<Response> Counter::payment(Request request) {
  auto wanted = wanted_of(fields_of(request.body));
  if (!domain::is_well_formed(wanted)) co_return plain(200, "CODE=" + std::string(code::malformed) + ";ENDE");
  auto lab = this->lab();
  const auto mood = domain::mood_of(lab, env_.random);
  const auto after = lab.after;
  co_await wait(lab.before);
  auto text = co_await book(std::move(wanted), std::move(lab), mood);
  co_await wait(after);
  co_return co_await deliver(std::move(text), mood);
}

base::Task<std::string> Counter::book(domain::Wanted wanted, Lab lab, Mood mood) {
  if (mood == Mood::refuse && wanted.kind == domain::charge) co_return answer(code::refused, wanted);
  if (const auto refused = domain::refusal(lab, wanted); !refused.empty()) co_return answer(refused, wanted);
  if (mood == Mood::fault_before) co_return answer(code::fault, wanted);
  const auto booked = co_await journal_.book(soon(), wanted);
  if (!booked || mood == Mood::fault_after) co_return answer(code::fault, wanted);
  const auto& found = booked.value();
  if (found.code != code::booked) co_return answer(found.code, wanted);
  co_return "CODE=" + found.code + ";" + line(found.booking) + ";ENDE";
}

base::Task<Response> Counter::search(Request request) {
  auto reference = fields_of(request.query())["HAENDLER_REF"];
  if (reference.empty()) co_return plain(200, "CODE=" + std::string(code::malformed) + ";ENDE");
  const auto lab = this->lab();
  const auto mood = domain::mood_of(lab, env_.random);
  co_await wait(lab.before);
  const auto found = co_await journal_.find(soon(), std::move(reference));
  co_await wait(lab.after);
  const bool is_fault = !found || mood == Mood::fault_before || mood == Mood::fault_after;
  auto text = is_fault ? "CODE=" + std::string(code::fault) + ";ENDE" : lines(found.value(), "");
  co_return co_await deliver(std::move(text), mood);
}

// For audits: the lab leaves it alone.
base::Task<Response> Counter::journal(Request request) {
  const auto text = fields_of(request.query())["ab"];
  std::int64_t from = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), from);
  if (!text.empty() && (error != std::errc() || stop != text.data() + text.size())) {
    co_return plain(200, "CODE=" + std::string(code::malformed) + ";ENDE");
  }
  const auto found = co_await journal_.list(soon(), from, page);
  if (!found) co_return plain(200, "CODE=" + std::string(code::fault) + ";ENDE");
  co_return plain(200, lines(found.value(), found.value().has_more ? ";MEHR=JA" : ";MEHR=NEIN"));
}

base::Task<Response> Counter::state() {
  const auto alive = co_await journal_.ping(soon());
  co_return alive ? plain(200, "STAND=BEREIT;ENDE") : plain(503, "STAND=GESTOERT;ENDE");
}

Response Counter::laboratory(const Request& request) {
  const std::lock_guard lock(mutex_);
  if (request.method == "DELETE") lab_ = Lab();
  if (request.method == "PUT") {
    auto next = changed(lab_, request.body);
    if (!next) return plain(400, "FALSCH: " + next.error().message);
    lab_ = std::move(next).value();
  }
  return plain(200, to_form(lab_));
}

base::Task<Response> Counter::deliver(std::string text, Mood mood) {
  if (mood == Mood::silent) {
    co_await wait(silence);
    co_return plain(503, "");
  }
  if (mood != Mood::garbled) co_return plain(200, std::move(text));
  // Cut off in the middle of the line, or a page that some proxy has made.
  if (env_.random.below(2) == 0) co_return plain(200, "<html><body>Wartungsarbeiten</body></html>");
  co_return plain(200, text.substr(0, text.size() / 2));
}

// Ends early at shutdown.
base::Task<> Counter::wait(std::chrono::milliseconds duration) {
  const auto until = env_.clock.monotonic() + duration;
  for (auto now = env_.clock.monotonic(); now < until && !env_.scheduler.shutting_down();
       now = env_.clock.monotonic()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now);
    co_await env_.scheduler.sleep(std::min(left, slice));
  }
}

}  // namespace legacy_payments::adapters
