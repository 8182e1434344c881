#include "cli/schema/compare.hpp"

namespace schema {
namespace {

using base::Json;
using Step = Comparison::Step;

// What a schema says of a list, by the keywords of draft 2020-12 or by the older ones.
struct Items {
  const Json* all = nullptr;            // of each item
  std::vector<const Json*> first = {};  // of the first ones, by place
  bool permits_more = true;
  const Json* more = nullptr;  // of those after the first
};

Items items_of(const Json& schema) {
  Items items;
  const Json* each = member(schema, "items");
  const Json* prefix = member(schema, "prefixItems");
  const Json* rest = nullptr;
  if (prefix != nullptr && prefix->is_array()) {
    for (const auto& part : *prefix) items.first.push_back(&part);
    rest = each;
  } else if (each != nullptr && each->is_array()) {
    for (const auto& part : *each) items.first.push_back(&part);
    rest = member(schema, "additionalItems");
  } else {
    items.all = each;
    rest = member(schema, "additionalItems");
  }
  if (rest != nullptr && *rest == Json(false)) items.permits_more = false;
  if (rest != nullptr && rest->is_object()) items.more = rest;
  return items;
}

class ArrayComparison {
 public:
  ArrayComparison(Comparison& comparison, const Json& before, const Json& now)
      : comparison_(comparison), before_(before), now_(now), old_(items_of(before)), current_(items_of(now)) {}

  void run() {
    each();
    places();
    additional();
    unevaluated();
    compare_bound(comparison_, before_, now_, "maxItems", "MAX_ITEMS");
    compare_bound(comparison_, before_, now_, "minItems", "MIN_ITEMS");
    const bool was_unique = is_unique(before_);
    if (was_unique != is_unique(now_))
      comparison_.add(was_unique ? "UNIQUE_ITEMS_REMOVED" : "UNIQUE_ITEMS_ADDED", "uniqueItems");
    compare_demand(comparison_, before_, now_, "contains", "CONTAINS");
    compare_bound(comparison_, before_, now_, "maxContains", "MAX_CONTAINS");
    compare_bound(comparison_, before_, now_, "minContains", "MIN_CONTAINS");
  }

 private:
  static bool is_unique(const Json& schema) {
    const Json* unique = member(schema, "uniqueItems");
    return unique != nullptr && *unique == Json(true);
  }

  void each() {
    const Step step(comparison_, "items");
    if (old_.all != nullptr && current_.all != nullptr) {
      comparison_.compare(*old_.all, *current_.all);
    } else if (old_.all != nullptr || current_.all != nullptr) {
      comparison_.add(old_.all == nullptr ? "SCHEMA_ADDED" : "SCHEMA_REMOVED");
    }
  }

  void places() {
    for (std::size_t i = 0; i < std::max(old_.first.size(), current_.first.size()); ++i) {
      const Step step(comparison_, "items/" + std::to_string(i));
      if (i >= current_.first.size()) {
        removed(*old_.first[i]);
      } else if (i >= old_.first.size()) {
        added(*current_.first[i]);
      } else {
        comparison_.compare(*old_.first[i], *current_.first[i]);
      }
    }
  }

  void removed(const Json& old) {
    if (is_open(current_, now_, true)) return comparison_.add("ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL");
    if (const Json* cover = cover_of(current_, now_, true)) {
      const auto list = comparison_.apart(old, *cover);
      comparison_.add_all(list);
      return comparison_.add(comparison_.compatible(list) ? "ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"
                                                          : "ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL");
    }
    comparison_.add(comparison_.is_nothing(old, false) ? "ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL"
                                                       : "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL");
  }

  void added(const Json& current) {
    if (is_open(old_, before_, false)) {
      return comparison_.add(comparison_.is_anything(current, true)
                                 ? "ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL"
                                 : "ITEM_ADDED_TO_OPEN_CONTENT_MODEL");
    }
    const Json* cover = cover_of(old_, before_, false);
    if (cover == nullptr) return comparison_.add("ITEM_ADDED_TO_CLOSED_CONTENT_MODEL");
    const auto list = comparison_.apart(*cover, current);
    comparison_.add_all(list);
    comparison_.add(comparison_.compatible(list) ? "ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"
                                                 : "ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL");
  }

  void additional() {
    const Step step(comparison_, "additionalItems");
    if (old_.permits_more != current_.permits_more) {
      comparison_.add(old_.permits_more ? "ADDITIONAL_ITEMS_REMOVED" : "ADDITIONAL_ITEMS_ADDED");
    } else if (old_.more == nullptr && current_.more != nullptr) {
      comparison_.add("ADDITIONAL_ITEMS_NARROWED");
    } else if (old_.more != nullptr && current_.more == nullptr) {
      comparison_.add("ADDITIONAL_ITEMS_EXTENDED");
    } else if (old_.more != nullptr) {
      comparison_.compare(*old_.more, *current_.more);
    }
  }

  void unevaluated() {
    const Json* old = member(before_, "unevaluatedItems");
    const Json* current = member(now_, "unevaluatedItems");
    if (old == nullptr && current == nullptr) return;
    const Step step(comparison_, "unevaluatedItems");
    static const Json anything(true);
    const Json& was = old == nullptr ? anything : *old;
    const Json& is = current == nullptr ? anything : *current;
    const bool was_nothing = comparison_.is_nothing(was, false);
    if (was_nothing != comparison_.is_nothing(is, true)) {
      return comparison_.add(was_nothing ? "UNEVALUATED_ITEMS_ADDED" : "UNEVALUATED_ITEMS_REMOVED");
    }
    const bool was_anything = comparison_.is_anything(was, false);
    if (was_anything != comparison_.is_anything(is, true)) {
      return comparison_.add(was_anything ? "UNEVALUATED_ITEMS_NARROWED" : "UNEVALUATED_ITEMS_EXTENDED");
    }
    comparison_.compare(was, is);
  }

  bool is_open(const Items& items, const Json& schema, bool later) {
    if (!items.permits_more || items.more != nullptr) return false;
    const Json* rest = member(schema, "unevaluatedItems");
    return rest == nullptr || comparison_.is_anything(*rest, later);
  }

  const Json* cover_of(const Items& items, const Json& schema, bool later) {
    if (items.more != nullptr) return items.more;
    const Json* rest = member(schema, "unevaluatedItems");
    const bool partial = items.permits_more && rest != nullptr && !comparison_.is_nothing(*rest, later) &&
                         !comparison_.is_anything(*rest, later);
    return partial ? rest : nullptr;
  }

  Comparison& comparison_;
  const Json& before_;
  const Json& now_;
  Items old_;
  Items current_;
};

}  // namespace

void compare_arrays(Comparison& comparison, const Json& before, const Json& now) {
  ArrayComparison(comparison, before, now).run();
}

}  // namespace schema
