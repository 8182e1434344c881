#pragma once
// The provider's counter: what it answers over HTTP. Requests are forms, answers are lines of NAME=VALUE between
// semicolons whose last one is ENDE; the HTTP status is 200 whatever became of the request, and CODE tells.
//
//   POST   /zahlung                  SATZART, HAENDLER_REF, BETRAG, WAEHRUNG, GUELTIG_BIS → CODE, BELEG, …
//   GET    /suche?HAENDLER_REF=…     ANZAHL and UHR, then a line for each booking
//   GET    /journal?ab=N             ANZAHL, MEHR (JA or NEIN) and UHR, then up to 500 bookings from BELEG N on
//   GET    /stand                    STAND=BEREIT
//   GET, PUT, DELETE /labor          how it misbehaves (lab_form.hpp); DELETE ends that
//
// Thread-safe.

#include <mutex>
#include <string>

#include "base/http/server.hpp"
#include "services/chassis/env/environment.hpp"
#include "services/legacy_payments/domain/lab.hpp"
#include "services/legacy_payments/ports/journal.hpp"

namespace legacy_payments::adapters {

class Counter {
 public:
  // `env` and `journal` are lent.
  Counter(chassis::Environment& env, ports::Journal& journal, domain::Lab lab)
      : env_(env), journal_(journal), lab_(std::move(lab)) {}

  base::Task<base::http::Response> handle(base::http::Request request);
  // To what never was a whole request.
  static base::http::Response refuse(int status, std::string_view detail, const base::http::Request& request);

  static constexpr std::int64_t page = 500;

 private:
  using Response = base::http::Response;

  domain::Lab lab() const;
  base::Monotonic soon() const;
  base::Task<Response> payment(base::http::Request request);
  base::Task<std::string> book(domain::Wanted wanted, domain::Lab lab, domain::Mood mood);
  base::Task<Response> search(base::http::Request request);
  base::Task<Response> journal(base::http::Request request);
  base::Task<Response> state();
  Response laboratory(const base::http::Request& request);
  base::Task<Response> deliver(std::string text, domain::Mood mood);
  base::Task<> wait(std::chrono::milliseconds duration);

  chassis::Environment& env_;
  ports::Journal& journal_;
  mutable std::mutex mutex_;
  domain::Lab lab_;
};

}  // namespace legacy_payments::adapters
