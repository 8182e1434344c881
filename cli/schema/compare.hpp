#pragma once
// One run over two schemas. Internal to cli/schema.

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/schema/diff.hpp"
#include "cli/schema/shape.hpp"

namespace schema {

class Comparison {
 public:
  // Both are lent.
  Comparison(Shapes& before, Shapes& now, Policy policy) : before_(&before), now_(&now), policy_(policy) {}

  void compare(const Shape& before, const Shape& now);
  void compare(const base::Json& before, const base::Json& now) { compare(before_->of(before), now_->of(now)); }
  void add(const std::string& rule, const std::string& below = {}) {
    found_.push_back({rule, path_ + (below.empty() ? "" : "/" + below)});
  }
  // The differences of two parts on their own.
  std::vector<Difference> apart(const base::Json& before, const base::Json& now) {
    return apart(before_->of(before), now_->of(now));
  }
  void add_all(const std::vector<Difference>& list);
  bool compatible(const std::vector<Difference>& list) const;
  bool is_anything(const base::Json& schema, bool later) {
    return (later ? now_ : before_)->of(schema).kind == Kind::anything;
  }
  bool is_nothing(const base::Json& schema, bool later) {
    return (later ? now_ : before_)->of(schema).kind == Kind::nothing;
  }
  const Shape& shape_of(const base::Json& schema, bool later) { return (later ? now_ : before_)->of(schema); }

  bool gave_up() const { return gave_up_; }
  std::vector<Difference> take() { return std::move(found_); }

  // One more step of the path while it lives.
  class Step {
   public:
    Step(Comparison& comparison, const std::string& step) : comparison_(comparison), length_(comparison.path_.size()) {
      comparison_.path_ += "/" + step;
    }
    Step(const Step&) = delete;
    ~Step() { comparison_.path_.resize(length_); }

   private:
    Comparison& comparison_;
    std::size_t length_;
  };

 private:
  std::vector<Difference> apart(const Shape& before, const Shape& now, bool reversed = false);
  bool compare_with_combination(const Shape& before, const Shape& now);
  void compare_annotations(const Shape& before, const Shape& now);
  void compare_same_kind(const Shape& before, const Shape& now);
  bool compare_criteria(const Shape& before, const Shape& now, std::size_t parts_before, std::size_t parts_now);
  void compare_combinations(const Shape& before, const Shape& now);
  void compare_negations(const Shape& before, const Shape& now);

  Shapes* before_;
  Shapes* now_;
  Policy policy_;
  std::string path_ = "#";
  std::vector<Difference> found_;
  std::set<std::pair<const Shape*, const Shape*>> open_;
  int steps_ = 0;
  int depth_ = 0;
  bool gave_up_ = false;
};

// By kind; the schemas are objects.
void compare_strings(Comparison& comparison, const base::Json& before, const base::Json& now);
void compare_numbers(Comparison& comparison, const Shape& before, const Shape& now);
void compare_choices(Comparison& comparison, const base::Json& before, const base::Json& now);
void compare_objects(Comparison& comparison, const base::Json& before, const base::Json& now);
void compare_arrays(Comparison& comparison, const base::Json& before, const base::Json& now);

// A schema under a key that demands something where it is there, of values that the other keywords do not speak of:
// _ADDED, _REMOVED, or what changed in it.
void compare_demand(Comparison& comparison, const base::Json& before, const base::Json& now, const char* key,
                    const std::string& rule);

// A number under a key: BOUND_ADDED, _REMOVED, _INCREASED or _DECREASED.
void compare_bound(Comparison& comparison, const base::Json& before, const base::Json& now, const char* key,
                   const std::string& rule);

}  // namespace schema
