#include "cli/schema/diff.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "base/pattern/pattern.hpp"
#include "cli/schema/compare.hpp"

namespace schema {
namespace {

using base::Json;

constexpr int max_steps = 100'000;
constexpr int max_depth = 200;

// The largest set of pairs in which nobody occurs twice (augmenting paths).
class Matching {
 public:
  Matching(std::size_t left, std::size_t right) : edges_(left), taken_(right, none) {}
  void connect(std::size_t left, std::size_t right) { edges_[left].push_back(right); }
  // Of each right side its left one, or `none`.
  const std::vector<std::size_t>& solve() {
    for (std::size_t left = 0; left < edges_.size(); ++left) {
      std::set<std::size_t> seen;
      place(left, seen);
    }
    return taken_;
  }
  static constexpr auto none = static_cast<std::size_t>(-1);

 private:
  bool place(std::size_t left, std::set<std::size_t>& seen) {
    for (const auto right : edges_[left]) {
      if (!seen.insert(right).second) continue;
      if (taken_[right] != none && !place(taken_[right], seen)) continue;
      taken_[right] = left;
      return true;
    }
    return false;
  }
  std::vector<std::vector<std::size_t>> edges_;
  std::vector<std::size_t> taken_;
};

}  // namespace

bool Comparison::compatible(const std::vector<Difference>& list) const {
  return std::all_of(list.begin(), list.end(), [this](const Difference& d) { return is_compatible(d.rule, policy_); });
}

std::vector<Difference> Comparison::apart(const Shape& before, const Shape& now, bool reversed) {
  std::vector<Difference> collected;
  std::swap(collected, found_);
  if (reversed) std::swap(before_, now_);
  compare(before, now);
  if (reversed) std::swap(before_, now_);
  std::swap(collected, found_);
  return collected;
}

void Comparison::add_all(const std::vector<Difference>& list) { found_.insert(found_.end(), list.begin(), list.end()); }

void Comparison::compare(const Shape& before, const Shape& now) {
  const std::pair pair(&before, &now);
  if (++steps_ > max_steps || depth_ > max_depth) {
    gave_up_ = true;
    return;
  }
  // A pair that is being compared already is taken for compatible: whatever is wrong with it is found there.
  if (!open_.insert(pair).second) return;
  ++depth_;
  if (!compare_with_combination(before, now)) compare_same_kind(before, now);
  --depth_;
  open_.erase(pair);
}

// True when a combination on one side alone settled it.
bool Comparison::compare_with_combination(const Shape& before, const Shape& now) {
  const bool was = before.kind == Kind::combined;
  const bool is = now.kind == Kind::combined;
  if (was == is) return false;
  const Shape& combined = was ? before : now;
  const auto parts = (was ? before_ : now_)->parts(combined);
  const auto only = [&](const Shape& part) { return was ? apart(part, now) : apart(before, part); };
  if (parts.size() == 1) {
    const auto list = only(*parts.front());
    if (!compatible(list)) return false;
    add_all(list);
    return true;
  }
  // A new alternative reads what is read by one of its parts; an old product gave what each of its parts gives.
  if (was ? combined.criterion != "allOf" : combined.criterion == "allOf") return false;
  for (const Shape* part : parts) {
    const auto list = only(*part);
    if (!compatible(list)) continue;
    add_all(list);
    add(was ? "PRODUCT_TYPE_NARROWED" : "SUM_TYPE_EXTENDED");
    return true;
  }
  return false;
}

void Comparison::compare_annotations(const Shape& before, const Shape& now) {
  static const Json none;
  const auto text = [](const Shape& shape, const char* key) -> const Json& {
    const Json* value = shape.json == nullptr ? nullptr : member(*shape.json, key);
    return value == nullptr ? none : *value;
  };
  for (const auto& [key, rule] : {std::pair{"$id", "ID_CHANGED"},
                                  {"title", "TITLE_CHANGED"},
                                  {"description", "DESCRIPTION_CHANGED"},
                                  {"default", "DEFAULT_CHANGED"}}) {
    if (text(before, key) != text(now, key)) add(rule);
  }
}

void Comparison::compare_same_kind(const Shape& before, const Shape& now) {
  const auto is_choice = [](const Shape& shape) { return shape.kind == Kind::choice || shape.kind == Kind::constant; };
  if (before.kind != now.kind) {
    if (is_choice(before) && is_choice(now)) return compare_choices(*this, *before.json, *now.json);
    if (before.kind != Kind::nothing && now.kind != Kind::anything) add("TYPE_CHANGED");
    return;
  }
  compare_annotations(before, now);
  switch (now.kind) {
    case Kind::string:
      return compare_strings(*this, *before.json, *now.json);
    case Kind::number:
      return compare_numbers(*this, before, now);
    case Kind::constant:
      if ((*before.json)["const"] != (*now.json)["const"]) add("ENUM_ARRAY_CHANGED", "const");
      return;
    case Kind::choice:
      return compare_choices(*this, *before.json, *now.json);
    case Kind::combined:
      return compare_combinations(before, now);
    case Kind::negated:
      return compare_negations(before, now);
    case Kind::object:
      return compare_objects(*this, *before.json, *now.json);
    case Kind::array:
      return compare_arrays(*this, *before.json, *now.json);
    default:
      return;
  }
}

bool Comparison::compare_criteria(const Shape& before, const Shape& now, std::size_t parts_before,
                                  std::size_t parts_now) {
  if (before.criterion == now.criterion) return true;
  const bool extended = now.criterion == "anyOf" || (parts_before == 1 && parts_now == 1) ||
                        (parts_before == 1 && now.criterion == "oneOf") ||
                        (parts_now == 1 && before.criterion == "allOf");
  add(extended ? "COMBINED_TYPE_EXTENDED" : "COMBINED_TYPE_CHANGED");
  return extended;
}

void Comparison::compare_combinations(const Shape& before, const Shape& now) {
  const auto unique = [](std::vector<const Shape*> parts) {
    std::vector<const Shape*> left;
    for (const Shape* part : parts) {
      const bool again = std::any_of(left.begin(), left.end(), [part](const Shape* other) {
        return part == other || (part->kind == other->kind && part->json != nullptr && other->json != nullptr &&
                                 part->json != other->json && *part->json == *other->json);
      });
      if (!again) left.push_back(part);
    }
    return left;
  };
  const auto all_old = before_->parts(before);
  const auto all_new = now_->parts(now);
  if (!compare_criteria(before, now, all_old.size(), all_new.size())) return;
  const auto old_parts = unique(all_old);
  const auto new_parts = unique(all_new);
  if (old_parts.size() < new_parts.size())
    add(now.criterion == "allOf" ? "PRODUCT_TYPE_EXTENDED" : "SUM_TYPE_EXTENDED");
  if (old_parts.size() > new_parts.size())
    add(before.criterion == "allOf" ? "PRODUCT_TYPE_NARROWED" : "SUM_TYPE_NARROWED");
  Matching matching(old_parts.size(), new_parts.size());
  std::map<std::pair<std::size_t, std::size_t>, std::vector<Difference>> lists;
  for (std::size_t i = 0; i < old_parts.size(); ++i) {
    const Step step(*this, before.criterion + "/" + std::to_string(i));
    for (std::size_t k = 0; k < new_parts.size(); ++k) {
      auto list = apart(*old_parts[i], *new_parts[k]);
      if (!compatible(list)) continue;
      matching.connect(i, k);
      lists[{i, k}] = std::move(list);
    }
  }
  std::size_t matched = 0;
  const auto& taken = matching.solve();
  for (std::size_t k = 0; k < taken.size(); ++k) {
    if (taken[k] == Matching::none) continue;
    ++matched;
    add_all(lists[{taken[k], k}]);
  }
  if (matched < std::min(old_parts.size(), new_parts.size())) add("COMBINED_TYPE_SUBSCHEMAS_CHANGED");
}

void Comparison::compare_negations(const Shape& before, const Shape& now) {
  const Step step(*this, "not");
  const auto old_part = before_->parts(before);
  const auto new_part = now_->parts(now);
  // The other way round: what must not be there may become less.
  const auto list = apart(*new_part.front(), *old_part.front(), true);
  add(compatible(list) ? "NOT_TYPE_NARROWED" : "NOT_TYPE_EXTENDED");
}

bool is_compatible(const std::string& rule, Policy policy) {
  static const std::set<std::string> always = {"ID_CHANGED",
                                               "DESCRIPTION_CHANGED",
                                               "TITLE_CHANGED",
                                               "DEFAULT_CHANGED",
                                               "SCHEMA_REMOVED",
                                               "TYPE_EXTENDED",
                                               "MAX_LENGTH_INCREASED",
                                               "MAX_LENGTH_REMOVED",
                                               "MIN_LENGTH_DECREASED",
                                               "MIN_LENGTH_REMOVED",
                                               "PATTERN_REMOVED",
                                               "MAXIMUM_INCREASED",
                                               "MAXIMUM_REMOVED",
                                               "MINIMUM_DECREASED",
                                               "MINIMUM_REMOVED",
                                               "EXCLUSIVE_MAXIMUM_INCREASED",
                                               "EXCLUSIVE_MAXIMUM_REMOVED",
                                               "EXCLUSIVE_MINIMUM_DECREASED",
                                               "EXCLUSIVE_MINIMUM_REMOVED",
                                               "MULTIPLE_OF_REDUCED",
                                               "MULTIPLE_OF_REMOVED",
                                               "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED",
                                               "REQUIRED_ATTRIBUTE_REMOVED",
                                               "PATTERN_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
                                               "PATTERN_PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL",
                                               "PROPERTY_NAMES_REMOVED",
                                               "CONTAINS_REMOVED",
                                               "CONDITION_REMOVED",
                                               "DEPENDENCY_ARRAY_NARROWED",
                                               "DEPENDENCY_ARRAY_REMOVED",
                                               "DEPENDENCY_SCHEMA_REMOVED",
                                               "MAX_PROPERTIES_INCREASED",
                                               "MAX_PROPERTIES_REMOVED",
                                               "MIN_PROPERTIES_DECREASED",
                                               "MIN_PROPERTIES_REMOVED",
                                               "ADDITIONAL_PROPERTIES_ADDED",
                                               "ADDITIONAL_PROPERTIES_EXTENDED",
                                               "UNEVALUATED_PROPERTIES_ADDED",
                                               "UNEVALUATED_PROPERTIES_EXTENDED",
                                               "PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL",
                                               "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL",
                                               "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
                                               "PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL",
                                               "PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL",
                                               "PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
                                               "PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
                                               "MAX_ITEMS_INCREASED",
                                               "MAX_ITEMS_REMOVED",
                                               "MIN_ITEMS_DECREASED",
                                               "MIN_ITEMS_REMOVED",
                                               "MAX_CONTAINS_INCREASED",
                                               "MAX_CONTAINS_REMOVED",
                                               "MIN_CONTAINS_DECREASED",
                                               "MIN_CONTAINS_REMOVED",
                                               "UNIQUE_ITEMS_REMOVED",
                                               "ADDITIONAL_ITEMS_ADDED",
                                               "ADDITIONAL_ITEMS_EXTENDED",
                                               "UNEVALUATED_ITEMS_ADDED",
                                               "UNEVALUATED_ITEMS_EXTENDED",
                                               "ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL",
                                               "ITEM_ADDED_TO_CLOSED_CONTENT_MODEL",
                                               "ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL",
                                               "ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL",
                                               "ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
                                               "ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
                                               "ENUM_ARRAY_EXTENDED",
                                               "COMBINED_TYPE_EXTENDED",
                                               "PRODUCT_TYPE_NARROWED",
                                               "SUM_TYPE_EXTENDED",
                                               "NOT_TYPE_NARROWED"};
  static const std::set<std::string> open = {"PATTERN_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
                                             "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
                                             "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL"};
  static const std::set<std::string> closed = {"PATTERN_PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL",
                                               "ADDITIONAL_PROPERTIES_NARROWED",
                                               "ADDITIONAL_PROPERTIES_REMOVED",
                                               "UNEVALUATED_PROPERTIES_NARROWED",
                                               "UNEVALUATED_PROPERTIES_REMOVED",
                                               "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL",
                                               "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
                                               "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"};
  return always.contains(rule) || (policy != Policy::strict && open.contains(rule)) ||
         (policy == Policy::lenient && closed.contains(rule));
}

base::Result<std::vector<Difference>> differences(const Json& before, const Json& now, Policy policy) {
  Shapes old_shapes(before);
  Shapes new_shapes(now);
  Comparison comparison(old_shapes, new_shapes, policy);
  comparison.compare(old_shapes.root(), new_shapes.root());
  if (comparison.gave_up()) {
    return base::fail(base::ErrorCode::too_large, "the schemas refer to each other in too many ways to compare");
  }
  return comparison.take();
}

}  // namespace schema
