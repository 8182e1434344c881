#pragma once
// The payment provider for tests of this service, on the fake network: books in memory, honours the time given, and
// does with each demand what the script says. It speaks the provider's words, so it lives here.

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "services/chassis/env/environment.hpp"
#include "services/payment/adapters/out/legacy/translator.hpp"

namespace payment_service::legacy {

enum class Act : std::uint8_t {
  book,
  refuse,         // 05
  fault,          // 96, not booked
  booked_fault,   // 96, booked
  booked_broken,  // booked; half an answer
  booked_silent,  // booked; the answer comes when nobody waits any more
  slow,           // gets to the booking when the time is over
};

class ScriptedProvider {
 public:
  // Both are lent.
  ScriptedProvider(chassis::Scheduler& scheduler, const base::Clock& clock) : scheduler_(scheduler), clock_(clock) {}

  base::http::Handler handler() {
    return [this](base::http::Request request) { return answer(std::move(request)); };
  }

  int charges(const std::string& reference) const { return count("BUCHUNG", reference); }
  int refunds(const std::string& reference) const { return count("STORNO", reference); }

  std::deque<Act> script;  // of demands to come; empty: book
  int demands = 0;
  int searches = 0;
  std::chrono::milliseconds behind{0};  // its clock, behind ours
  bool can_be_searched = true;

 private:
  using Fields = std::map<std::string, std::string>;
  using Response = base::http::Response;

  static Response text(std::string body) {
    Response response;
    response.body = std::move(body);
    return response;
  }
  static std::string line(const Fields& fields, std::size_t number) {
    return "BELEG=" + std::to_string(number) + ";SATZART=" + fields.at("SATZART") +
           ";HAENDLER_REF=" + fields.at("HAENDLER_REF") + ";BETRAG=" + fields.at("BETRAG") +
           ";WAEHRUNG=" + fields.at("WAEHRUNG");
  }
  std::string now() const { return to_stamp(clock_.wall() - behind); }
  int count(const std::string& kind, const std::string& reference) const {
    return static_cast<int>(std::count_if(booked_.begin(), booked_.end(), [&](const Fields& fields) {
      return fields.at("SATZART") == kind && fields.at("HAENDLER_REF") == reference;
    }));
  }

  base::Task<Response> answer(base::http::Request request) {
    std::vector<std::pair<std::string, std::string>> pairs;
    const bool is_search = request.method == "GET";
    base::http::parse_query(is_search ? request.query() : std::string_view(request.body), pairs);
    const Fields fields(pairs.begin(), pairs.end());
    if (request.path() == state_path) co_return text("STAND=BEREIT;ENDE\n");
    if (is_search && !can_be_searched) co_return text("CODE=96;ENDE\n");
    if (is_search) co_return text(search(fields.at("HAENDLER_REF")));
    ++demands;
    const auto act = script.empty() ? Act::book : script.front();
    if (!script.empty()) script.pop_front();
    if (act == Act::slow) co_await wait(std::chrono::seconds(20));
    auto body = book(fields, act);
    if (act == Act::booked_silent) co_await wait(std::chrono::seconds(20));
    co_return text(std::move(body));
  }

  std::string book(const Fields& fields, Act act) {
    const std::string ours = ";HAENDLER_REF=" + fields.at("HAENDLER_REF") + ";ENDE\n";
    if (act == Act::refuse) return "CODE=05" + ours;
    if (act == Act::fault) return "CODE=96" + ours;
    if (now() > fields.at("GUELTIG_BIS")) return "CODE=68" + ours;
    booked_.push_back(fields);
    if (act == Act::booked_fault) return "CODE=96" + ours;
    const auto whole = "CODE=00;" + line(fields, booked_.size()) + ";ENDE\n";
    return act == Act::booked_broken ? whole.substr(0, whole.size() / 2) : whole;
  }

  std::string search(const std::string& reference) {
    ++searches;
    std::string lines;
    int found = 0;
    for (std::size_t i = 0; i < booked_.size(); ++i) {
      if (booked_[i].at("HAENDLER_REF") != reference) continue;
      lines += line(booked_[i], i + 1) + "\n";
      ++found;
    }
    return "ANZAHL=" + std::to_string(found) + ";UHR=" + now() + "\n" + lines + "ENDE\n";
  }

  // In slices, so that it ends with the test.
  base::Task<> wait(std::chrono::milliseconds duration) {
    const auto until = clock_.monotonic() + duration;
    while (clock_.monotonic() < until && !scheduler_.shutting_down()) {
      co_await scheduler_.sleep(std::chrono::milliseconds(100));
    }
  }

  chassis::Scheduler& scheduler_;
  const base::Clock& clock_;
  std::vector<Fields> booked_;
};

}  // namespace payment_service::legacy
