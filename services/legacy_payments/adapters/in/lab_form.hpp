#pragma once
// The lab's settings as people write them: as a form, and as environment variables (LABOR_ before the same names).
//
//   VORLAUF_MS, NACHLAUF_MS      latency before and after the booking, 0 to 600000
//   ABLEHNUNG_PROZENT            of charges that are refused (05)
//   STOERUNG_PROZENT             of requests that end in 96, half of them booked
//   MURKS_PROZENT, STUMM_PROZENT of requests that are booked and answered unreadably, or not at all
//   LIMIT                        above so many units: 61
//   SPERR_REF, SPERR_BETRAG      references (05) and amounts (51, as they are booked: 7,00) that are refused; any
//   number
//                                of them, form only; an empty one alone empties the list
//
// What a form does not name stays as it is, but for the two lists, which it sets whole when it names one.

#include "services/chassis/config/settings.hpp"
#include "services/legacy_payments/domain/lab.hpp"

namespace legacy_payments::adapters {

// Errors: malformed.
base::Result<domain::Lab> lab_of(const chassis::Settings& settings);
base::Result<domain::Lab> changed(const domain::Lab& lab, std::string_view form);

std::string to_form(const domain::Lab& lab);

}  // namespace legacy_payments::adapters
