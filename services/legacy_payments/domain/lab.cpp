#include "services/legacy_payments/domain/lab.hpp"

namespace legacy_payments::domain {

Mood mood_of(const Lab& lab, base::Random& random) {
  auto drawn = static_cast<int>(random.below(100));
  if (drawn < lab.refused) return Mood::refuse;
  drawn -= lab.refused;
  if (drawn < lab.fault) return random.below(2) == 0 ? Mood::fault_before : Mood::fault_after;
  drawn -= lab.fault;
  if (drawn < lab.garbled) return Mood::garbled;
  drawn -= lab.garbled;
  return drawn < lab.silent ? Mood::silent : Mood::straight;
}

std::string_view refusal(const Lab& lab, const Wanted& wanted) {
  if (wanted.kind != charge) return {};
  if (lab.refused_references.contains(wanted.reference)) return code::refused;
  if (lab.refused_amounts.contains(wanted.amount)) return code::no_cover;
  return thousandths(wanted.amount, wanted.currency).value_or(0) > lab.limit * 1'000 ? code::over_limit
                                                                                     : std::string_view();
}

}  // namespace legacy_payments::domain
