#pragma once
// The journal as the provider writes it, for tests.

#include <string>
#include <vector>

#include "cli/provider/journal.hpp"

namespace provider::testing {

// One page, numbered from 1; EUR and JPY.
inline std::string journal_text(const std::vector<Booking>& bookings, bool has_more = false) {
  std::string text =
      "ANZAHL=" + std::to_string(bookings.size()) + ";MEHR=" + (has_more ? "JA" : "NEIN") + ";UHR=20261127100000000\n";
  int number = 0;
  for (const auto& one : bookings) {
    const bool has_decimals = one.currency == "EUR";
    std::string amount = std::to_string(one.amount);
    if (has_decimals) amount.insert(0, amount.size() < 3 ? 3 - amount.size() : 0, '0');
    if (has_decimals) amount.insert(amount.size() - 2, ",");
    text += "BELEG=" + std::to_string(++number) + ";SATZART=" + (one.is_refund ? "STORNO" : "BUCHUNG") +
            ";HAENDLER_REF=" + one.reference + ";BETRAG=" + amount + ";WAEHRUNG=" + (has_decimals ? "978" : "392") +
            ";ZEIT=20261127095959000\n";
  }
  return text + "ENDE\n";
}

}  // namespace provider::testing
