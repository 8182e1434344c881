// JSON documents against an example with rules.
#include <algorithm>
#include <list>

#include "base/pact/check.hpp"

namespace base::pact {
namespace {

// What a hostile file may cost: arrayContains within arrayContains multiplies.
constexpr std::size_t max_steps = 2'000'000;

// Rules that hold while a part is compared, in front of those of the whole.
struct Scope {
  const RuleCategory* rules;
  const Scope* outer = nullptr;

  Chosen choose(const Where& place) const {
    auto best = pact::choose(*rules, place);
    if (outer == nullptr) return best;
    const auto other = outer->choose(place);
    if (best.list == nullptr) return other;
    if (other.list == nullptr || best.path->weight(place) >= other.path->weight(place)) return best;
    return other;
  }
};

bool scalar_rule(RuleKind kind) {
  switch (kind) {
    case RuleKind::regex:
    case RuleKind::include:
    case RuleKind::integer:
    case RuleKind::decimal:
    case RuleKind::number:
    case RuleKind::date:
    case RuleKind::time:
    case RuleKind::datetime:
    case RuleKind::boolean:
    case RuleKind::semver:
      return true;
    default:
      return false;
  }
}

class JsonComparison {
 public:
  explicit JsonComparison(Direction direction) : direction_(direction) {}

  void compare(const Where& place, const Json& expected, const Json& actual, const Scope& scope) {
    if (found.size() >= max_mismatches) return;
    if (++steps_ > max_steps) {
      if (steps_ == max_steps + 1) add(place, "", expected, actual, "there is too much to compare");
      return;
    }
    const auto chosen = scope.choose(place);
    if (expected.is_object() && actual.is_object()) {
      with_rules(chosen, [&](const Rule* rule) { object(place, expected, actual, scope, rule, chosen.cascaded); });
    } else if (expected.is_array() && actual.is_array()) {
      with_rules(chosen, [&](const Rule* rule) { list(place, expected, actual, scope, rule, chosen.cascaded); });
    } else if (const auto rules = for_values(chosen); !rules.rules.empty()) {
      for (auto& [rule, message] : check(rules, expected, actual, chosen.cascaded, Reading::json)) {
        add(place, rule, expected, actual, message);
      }
    } else if (!same_value(expected, actual)) {
      add(place, "equality", expected, actual, "expected " + shown(expected) + ", got " + shown(actual));
    }
  }

  std::vector<Mismatch> found;

 private:
  // Rules of a collection's keys and elements say nothing about what is deeper in it.
  static RuleList for_values(const Chosen& chosen) {
    RuleList rules;
    if (chosen.list == nullptr) return rules;
    rules.any = chosen.list->any;
    for (const auto& rule : chosen.list->rules) {
      if (!chosen.cascaded || !of_collection(rule.kind)) rules.rules.push_back(rule);
    }
    return rules;
  }
  static bool of_collection(RuleKind kind) {
    return kind == RuleKind::each_key || kind == RuleKind::each_value || kind == RuleKind::array_contains;
  }

  void add(const Where& place, std::string rule, const Json& expected, const Json& actual, std::string message) {
    if (found.size() >= max_mismatches) return;
    found.push_back(mismatch(Place::body, to_text(place), std::move(rule), expected, actual, std::move(message)));
  }

  // Runs once for each rule, or once without; with OR what one rule says counts only when all say something.
  template <class F>
  void with_rules(const Chosen& chosen, F&& run) {
    if (chosen.list == nullptr || chosen.list->rules.empty()) {
      run(nullptr);
      return;
    }
    if (!chosen.list->any) {
      for (const auto& rule : chosen.list->rules) run(&rule);
      unique();
      return;
    }
    const auto before = std::move(found);
    std::vector<Mismatch> all;
    for (const auto& rule : chosen.list->rules) {
      found.clear();
      run(&rule);
      if (found.empty()) {
        found = before;
        return;
      }
      all.insert(all.end(), found.begin(), found.end());
    }
    found = before;
    found.insert(found.end(), all.begin(), all.end());
    unique();
  }

  // Several rules of one place compare what is below it several times.
  void unique() {
    std::vector<Mismatch> kept;
    for (auto& one : found) {
      const bool there = std::any_of(kept.begin(), kept.end(), [&](const Mismatch& other) {
        return other.path == one.path && other.message == one.message;
      });
      if (!there) kept.push_back(std::move(one));
    }
    found = std::move(kept);
  }

  void check_container(const Where& place, const Json& expected, const Json& actual, const Rule* rule, bool cascaded) {
    if (rule == nullptr || rule->kind == RuleKind::equality || rule->kind == RuleKind::values) return;
    if (scalar_rule(rule->kind) && (cascaded || actual.is_array())) return;  // meant for what is in it
    if (cascaded && of_collection(rule->kind)) return;
    if (auto message = check(*rule, expected, actual, cascaded, Reading::json)) {
      add(place, describe(*rule), expected, actual, *message);
    }
  }

  // The rules of eachValue as rules for whatever is right below the place.
  static RuleCategory below(const Where& place, const Rule& rule) {
    RuleCategory rules;
    if (rule.kind != RuleKind::each_value || rule.rules.empty()) return rules;
    if (auto path = PathExpression::parse(to_text(place) + ".*")) {
      RuleEntry entry;
      entry.path = std::move(path).value();
      entry.list.rules = rule.rules;
      rules.push_back(std::move(entry));
    }
    return rules;
  }

  void object(const Where& place, const Json& expected, const Json& actual, const Scope& scope, const Rule* rule,
              bool cascaded) {
    check_container(place, expected, actual, rule, cascaded);
    const bool each_value =
        rule != nullptr && !cascaded && (rule->kind == RuleKind::values || rule->kind == RuleKind::each_value);
    if (each_value) {
      values(place, expected, actual, scope, *rule);
      return;
    }
    const bool each_key = rule != nullptr && !cascaded && rule->kind == RuleKind::each_key;
    if (each_key) keys(place, expected, actual, *rule);
    const auto chosen = scope.choose(place);
    if (!each_key && !free_keys(chosen)) same_keys(place, expected, actual, rule);
    for (const auto& [key, value] : expected.items()) {
      const auto other = actual.find(key);
      if (other == actual.end()) continue;
      // eachKey says nothing about values; rules that reach deeper do.
      if (each_key && scope.choose(under(place, key)).path == chosen.path) continue;
      compare(under(place, key), value, *other, scope);
    }
  }

  // Whether a rule set right on an object says that its keys may be others.
  static bool free_keys(const Chosen& chosen) {
    return chosen.list != nullptr && !chosen.cascaded &&
           std::any_of(chosen.list->rules.begin(), chosen.list->rules.end(), [](const Rule& rule) {
             return rule.kind == RuleKind::values || rule.kind == RuleKind::each_value ||
                    rule.kind == RuleKind::each_key;
           });
  }

  void values(const Where& place, const Json& expected, const Json& actual, const Scope& scope, const Rule& rule) {
    const auto rules = below(place, rule);
    const Scope inner{&rules, &scope};
    for (const auto& [key, value] : actual.items()) {
      const auto example = expected.find(key);
      const auto& like = example != expected.end() ? *example : expected.empty() ? value : expected.front();
      compare(under(place, key), like, value, inner);
    }
  }

  void keys(const Where& place, const Json& expected, const Json& actual, const Rule& rule) {
    const Json example = expected.empty() ? Json("") : Json(expected.begin().key());
    for (const auto& [key, value] : actual.items()) {
      for (const auto& inner : rule.rules) {
        const auto message = check(inner, example, key, false, Reading::text);
        if (message) add(under(place, key), "eachKey " + describe(inner), example, key, "the key: " + *message);
      }
    }
  }

  void same_keys(const Where& place, const Json& expected, const Json& actual, const Rule* rule) {
    const auto name = rule == nullptr ? std::string("equality") : describe(*rule);
    for (const auto& [key, value] : expected.items()) {
      if (!actual.contains(key)) {
        add(under(place, key), name, value, "", "expected the key \"" + shortened(key) + "\", which is missing");
      }
    }
    const bool equal = rule != nullptr && rule->kind == RuleKind::equality;  // asked for, so with nothing more
    if (direction_ == Direction::response && !equal) return;
    for (const auto& [key, value] : actual.items()) {
      if (!expected.contains(key)) {
        add(under(place, key), name, "", value,
            "the key \"" + shortened(key) + "\" is not expected" + (equal ? "" : " in a request"));
      }
    }
  }

  void list(const Where& place, const Json& expected, const Json& actual, const Scope& scope, const Rule* rule,
            bool cascaded) {
    check_container(place, expected, actual, rule, cascaded);
    if (rule == nullptr || rule->kind == RuleKind::equality) {
      exact_list(place, expected, actual, scope);
    } else if (rule->kind == RuleKind::array_contains && !cascaded) {
      contains(place, expected, actual, *rule);
    } else {
      const auto rules = cascaded ? RuleCategory() : below(place, *rule);
      const Scope inner{&rules, &scope};
      // Each element like the example's element, those beyond like its first; without any, only the rules decide.
      for (std::size_t i = 0; i < actual.size(); ++i) {
        const auto& like = i < expected.size() ? expected[i] : expected.empty() ? actual[i] : expected[0];
        compare(under(place, std::to_string(i)), like, actual[i], inner);
      }
    }
  }

  void exact_list(const Where& place, const Json& expected, const Json& actual, const Scope& scope) {
    if (expected.size() != actual.size()) {
      add(place, "equality", expected, actual,
          "expected a list of " + std::to_string(expected.size()) + ", got one of " + std::to_string(actual.size()));
    }
    for (std::size_t i = 0; i < std::min(expected.size(), actual.size()); ++i) {
      compare(under(place, std::to_string(i)), expected[i], actual[i], scope);
    }
  }

  void contains(const Where& place, const Json& expected, const Json& actual, const Rule& rule) {
    for (const auto& variant : rule.variants.empty() ? all_of(expected) : rule.variants) {
      if (variant.index >= expected.size()) {
        add(place, "arrayContains", expected, actual,
            "the example has no element " + std::to_string(variant.index) + " for a variant");
        continue;
      }
      const auto& example = expected[variant.index];
      const bool there = std::any_of(actual.begin(), actual.end(), [&](const Json& element) {
        JsonComparison one(direction_);
        one.steps_ = steps_;
        const Scope scope{&variant.rules};
        one.compare({}, example, element, scope);
        steps_ = one.steps_;
        return one.found.empty();
      });
      if (!there) {
        add(place, "arrayContains", example, actual,
            "no element is like the variant " + std::to_string(variant.index) + ", " + shortened(dump_json(example)));
      }
    }
  }

  static std::vector<RuleVariant> all_of(const Json& expected) {
    std::vector<RuleVariant> variants;
    for (std::size_t i = 0; i < expected.size(); ++i) variants.push_back({i, {}, Json::object()});
    return variants;
  }

  static Where under(const Where& place, const std::string& key) {
    auto next = place;
    next.push_back(key);
    return next;
  }

  Direction direction_;
  std::size_t steps_ = 0;
};

}  // namespace

std::vector<Mismatch> match_json(const Json& expected, const Json& actual, const RuleCategory& rules,
                                 Direction direction) {
  JsonComparison comparison(direction);
  comparison.compare({}, expected, actual, Scope{&rules});
  return std::move(comparison.found);
}

}  // namespace base::pact
