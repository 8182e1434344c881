#pragma once
// What this provider books and by which codes it answers, in its own words. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace legacy_payments::domain {

// Result codes, most of them those of ISO 8583.
namespace code {
inline constexpr std::string_view booked = "00";
inline constexpr std::string_view refused = "05";
inline constexpr std::string_view no_such_booking = "25";  // nothing that a STORNO could take back
inline constexpr std::string_view malformed = "30";
inline constexpr std::string_view no_cover = "51";
inline constexpr std::string_view over_limit = "61";
inline constexpr std::string_view too_late = "68";  // after GUELTIG_BIS
inline constexpr std::string_view fault = "96";     // it may have been booked
}  // namespace code

inline constexpr std::string_view charge = "BUCHUNG";
inline constexpr std::string_view reversal = "STORNO";

struct Wanted {
  std::string kind;         // BUCHUNG or STORNO
  std::string reference;    // the merchant's own, 1 to 64 characters
  std::string amount;       // 12,50
  std::string currency;     // 978
  std::string valid_until;  // a stamp; nothing is booked after it
};

struct Booking {
  std::int64_t number = 0;  // Beleg: counts up over all bookings
  std::string kind;
  std::string reference;
  std::string amount;
  std::string currency;
  std::string booked_at;  // a stamp
};

// In thousandths of the currency's unit. Empty unless it is written as this currency wants it: digits, a comma and as
// many decimals as the currency has; no comma where it has none.
std::optional<std::int64_t> thousandths(std::string_view amount, std::string_view currency);

// Whether some currency's amounts are written like this.
bool is_amount(std::string_view text);

// Whether a stamp: YYYYMMDDhhmmssSSS in UTC. Stamps compare as text.
bool is_stamp(std::string_view text);
std::string stamp(base::Wall time);

// Whether the fields can be read at all; what cannot is answered with `malformed`.
bool is_well_formed(const Wanted& wanted);

}  // namespace legacy_payments::domain
