#include "services/legacy_payments/adapters/in/lab_form.hpp"

#include <array>
#include <charconv>
#include <map>

#include "base/http/message.hpp"

namespace legacy_payments::adapters {
namespace {

using base::ErrorCode;
using domain::Lab;

constexpr std::int64_t most_ms = 600'000;
constexpr std::int64_t highest_limit = 1'000'000'000;

struct Number {
  std::string_view name;
  std::int64_t most;
  std::int64_t (*get)(const Lab&);
  void (*set)(Lab&, std::int64_t);
};

constexpr std::array<Number, 7> numbers{{
    {"VORLAUF_MS", most_ms, [](const Lab& lab) -> std::int64_t { return lab.before.count(); },
     [](Lab& lab, std::int64_t value) { lab.before = std::chrono::milliseconds(value); }},
    {"NACHLAUF_MS", most_ms, [](const Lab& lab) -> std::int64_t { return lab.after.count(); },
     [](Lab& lab, std::int64_t value) { lab.after = std::chrono::milliseconds(value); }},
    {"ABLEHNUNG_PROZENT", 100, [](const Lab& lab) -> std::int64_t { return lab.refused; },
     [](Lab& lab, std::int64_t value) { lab.refused = static_cast<int>(value); }},
    {"STOERUNG_PROZENT", 100, [](const Lab& lab) -> std::int64_t { return lab.fault; },
     [](Lab& lab, std::int64_t value) { lab.fault = static_cast<int>(value); }},
    {"MURKS_PROZENT", 100, [](const Lab& lab) -> std::int64_t { return lab.garbled; },
     [](Lab& lab, std::int64_t value) { lab.garbled = static_cast<int>(value); }},
    {"STUMM_PROZENT", 100, [](const Lab& lab) -> std::int64_t { return lab.silent; },
     [](Lab& lab, std::int64_t value) { lab.silent = static_cast<int>(value); }},
    {"LIMIT", highest_limit, [](const Lab& lab) { return lab.limit; },
     [](Lab& lab, std::int64_t value) { lab.limit = value; }},
}};

base::Result<void> check(const Lab& lab) {
  if (lab.refused + lab.fault + lab.garbled + lab.silent <= 100) return base::success();
  return base::fail(ErrorCode::malformed, "the shares (_PROZENT) come to more than 100 together");
}

// An empty text stands for no entry: alone it empties the list.
base::Result<void> add_to(std::set<std::string>& list, const std::string& name, const std::string& text) {
  if (text.empty()) return base::success();
  if (name == "SPERR_BETRAG" && !domain::is_amount(text)) {
    return base::fail(ErrorCode::malformed,
                      name +
                          ": expected an amount as it is booked, with a comma before the decimals of its currency: "
                          "7,00 or 700 or 7,000");
  }
  list.insert(text);
  return base::success();
}

base::Result<void> set_number(Lab& lab, const std::string& name, const std::string& text) {
  for (const auto& number : numbers) {
    if (number.name != name) continue;
    std::int64_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || stop != text.data() + text.size() || value < 0 || value > number.most) {
      return base::fail(ErrorCode::malformed,
                        name + ": expected a whole number from 0 to " + std::to_string(number.most));
    }
    number.set(lab, value);
    return base::success();
  }
  return base::fail(ErrorCode::malformed, name + ": there is no such setting");
}

}  // namespace

base::Result<Lab> lab_of(const chassis::Settings& settings) {
  Lab lab;
  for (const auto& number : numbers) {
    TRY(const auto value, settings.number("LABOR_" + std::string(number.name), number.get(lab), 0, number.most));
    number.set(lab, value);
  }
  TRY(check(lab));
  return lab;
}

base::Result<Lab> changed(const Lab& lab, std::string_view form) {
  std::vector<std::pair<std::string, std::string>> fields;
  if (!base::http::parse_query(form, fields)) return base::fail(ErrorCode::malformed, "the form cannot be read");
  Lab next = lab;
  std::map<std::string, std::set<std::string>> lists;
  for (const auto& [name, text] : fields) {
    if (name == "SPERR_REF" || name == "SPERR_BETRAG") {
      TRY(add_to(lists[name], name, text));
    } else {
      TRY(set_number(next, name, text));
    }
  }
  if (lists.contains("SPERR_REF")) next.refused_references = lists["SPERR_REF"];
  if (lists.contains("SPERR_BETRAG")) next.refused_amounts = lists["SPERR_BETRAG"];
  TRY(check(next));
  return next;
}

std::string to_form(const Lab& lab) {
  std::string text;
  for (const auto& number : numbers) {
    text += (text.empty() ? "" : "&") + std::string(number.name) + "=" + std::to_string(number.get(lab));
  }
  for (const auto& one : lab.refused_references) text += "&SPERR_REF=" + base::http::percent_encode(one);
  for (const auto& one : lab.refused_amounts) text += "&SPERR_BETRAG=" + base::http::percent_encode(one);
  return text;
}

}  // namespace legacy_payments::adapters
