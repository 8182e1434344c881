#pragma once
// The invariants of a system that takes orders, pays, reserves and tells, and which of them the facts break. Each is
// one function over facts that were read at rest; one that needs a source that is not there is skipped. Pure.

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/invariants/facts.hpp"

namespace invariants {

// Which orders are looked at. Sums over all orders are skipped unless all are.
struct Scope {
  std::set<std::string> orders;  // none: all
  std::string since;             // only those placed since then; empty: all
  bool is_all() const { return orders.empty() && since.empty(); }
};

struct Bounds {
  double outbox_age_s = 30;
  double saga_idle_s = 600;  // longer, and a saga that is not over is stuck
};

enum class Status : std::uint8_t { ok, broken, skipped };
std::string_view name(Status status);

// One thing that is not as it must be.
struct Breach {
  std::string subject;  // an order's id; else a SKU, a currency, a service
  std::string expected;
  std::string got;
  bool operator==(const Breach&) const = default;
};

struct Finding {
  std::string_view invariant;
  Status status = Status::ok;
  std::size_t checked = 0;
  std::vector<Breach> breaches;
  std::string why_skipped = {};
};

class Case;

struct Invariant {
  std::string_view name;
  std::string_view says;  // in a sentence
  Finding (*look)(const Case&);
};

std::span<const Invariant> all_invariants();

// One finding for each invariant, in the order of the table.
std::vector<Finding> judge(const Facts& facts, const Scope& scope, const Bounds& bounds);

// What has still to happen before the facts can be judged, each in a few words ("3 orders under way"); none: at rest.
std::vector<std::string> unsettled(const Facts& facts, const Scope& scope);

}  // namespace invariants
