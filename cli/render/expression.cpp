#include "cli/render/expression.hpp"

#include <charconv>
#include <optional>

#include "supervisor/spec/suggest.hpp"

namespace render {
namespace {

using base::Json;
using base::Result;

constexpr int deepest = 32;
constexpr std::string_view blanks = " \t\n";

base::Error wrong(std::string message) { return base::fail(base::ErrorCode::invalid, std::move(message)); }

std::string hint(std::string_view name, const std::vector<std::string>& known) {
  const std::string near = spec::nearest(name, known);
  return near.empty() ? "" : "; did you mean \"" + near + "\"?";
}

// A value, or one that is lent, so that a path through a large model copies only its end.
class Value {
 public:
  Value() = default;
  explicit Value(Json own) : own_(std::move(own)) {}
  explicit Value(const Json* lent) : lent_(lent) {}
  const Json& get() const { return lent_ != nullptr ? *lent_ : own_; }
  Json take() && { return lent_ != nullptr ? *lent_ : std::move(own_); }

 private:
  Json own_;
  const Json* lent_ = nullptr;
};

// Reads and computes in one go. What a `&&` or `||` has decided already is only read: `idle_` is above 0 then.
class Reader {
 public:
  Reader(std::string_view text, std::size_t at, const Scope& scope) : text_(text), at_(at), scope_(scope) {}

  std::size_t at() const { return at_; }
  bool ended() {
    skip_blanks();
    return at_ == text_.size();
  }
  bool take(std::string_view mark) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(mark)) return false;
    at_ += mark.size();
    return true;
  }
  std::string rest() const { return std::string(text_.substr(at_, 20)); }

  Result<Value> either() {
    if (++depth_ > deepest) return wrong("the expression is nested too deeply");
    TRY(auto value, both());
    while (take("||")) {
      const bool decided = is_true(value.get());
      TRY(const auto next, idle(decided, &Reader::both));
      value = Value(Json(decided || is_true(next.get())));
    }
    --depth_;
    return value;
  }

 private:
  using Step = Result<Value> (Reader::*)();

  Result<Value> idle(bool only_read, Step step) {
    idle_ += only_read ? 1 : 0;
    auto value = (this->*step)();
    idle_ -= only_read ? 1 : 0;
    return value;
  }

  Result<Value> both() {
    TRY(auto value, compared());
    while (take("&&")) {
      const bool decided = !is_true(value.get());
      TRY(const auto next, idle(decided, &Reader::compared));
      value = Value(Json(!decided && is_true(next.get())));
    }
    return value;
  }

  Result<Value> compared() {
    TRY(auto left, sum());
    for (const std::string_view mark : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (!take(mark)) continue;
      TRY(const auto right, sum());
      if (idle_ > 0) return Value();
      if (mark == "==") return Value(Json(left.get() == right.get()));
      if (mark == "!=") return Value(Json(left.get() != right.get()));
      return ordered(left.get(), mark, right.get());
    }
    if (!take_word("in")) return left;
    TRY(const auto right, sum());
    if (idle_ > 0) return Value();
    return is_in(left.get(), right.get());
  }

  static Result<Value> ordered(const Json& left, std::string_view mark, const Json& right) {
    const bool numbers = left.is_number() && right.is_number();
    if (!numbers && !(left.is_string() && right.is_string())) {
      return wrong("only two numbers or two texts can be compared by " + std::string(mark));
    }
    const bool answer = mark == "<"    ? left < right
                        : mark == "<=" ? left <= right
                        : mark == ">"  ? right < left
                                       : right <= left;
    return Value(Json(answer));
  }

  static Result<Value> is_in(const Json& item, const Json& where) {
    if (where.is_array()) {
      for (const auto& one : where) {
        if (one == item) return Value(Json(true));
      }
      return Value(Json(false));
    }
    if (!item.is_string() || (!where.is_object() && !where.is_string())) {
      return wrong("`in` looks for a value in a list, or for a text in an object or a text");
    }
    const auto& name = item.get_ref<const std::string&>();
    if (where.is_object()) return Value(Json(where.contains(name)));
    return Value(Json(where.get_ref<const std::string&>().find(name) != std::string::npos));
  }

  Result<Value> sum() {
    TRY(auto left, unary());
    while (true) {
      const bool plus = take("+");
      if (!plus && !take("-")) return left;
      TRY(const auto right, unary());
      if (idle_ > 0) continue;
      const Json& a = left.get();
      const Json& b = right.get();
      if (plus && a.is_string() && b.is_string()) {
        left = Value(Json(a.get<std::string>() + b.get<std::string>()));
      } else if (a.is_number_integer() && b.is_number_integer()) {
        std::int64_t whole = 0;
        const bool over = plus ? __builtin_add_overflow(a.get<std::int64_t>(), b.get<std::int64_t>(), &whole)
                               : __builtin_sub_overflow(a.get<std::int64_t>(), b.get<std::int64_t>(), &whole);
        if (over) return wrong("the sum is too large");
        left = Value(Json(whole));
      } else if (a.is_number() && b.is_number()) {
        left = Value(Json(plus ? a.get<double>() + b.get<double>() : a.get<double>() - b.get<double>()));
      } else {
        return wrong(std::string("cannot ") + (plus ? "add" : "subtract") + " " + a.type_name() + " and " +
                     b.type_name());
      }
    }
  }

  Result<Value> unary() {
    if (text_.substr(at_).starts_with("!=")) return wrong("expected a value before !=");
    if (++depth_ > deepest) return wrong("the expression is nested too deeply");
    const bool negated = take("!");
    auto value = negated ? unary() : postfix();
    --depth_;
    if (!negated || !value) return value;
    return Value(Json(!is_true(value.value().get())));
  }

  Result<Value> postfix() {
    TRY(auto value, primary());
    while (true) {
      if (at_ < text_.size() && text_[at_] == '.') {
        ++at_;
        const std::string name = word();
        if (name.empty()) return wrong("expected a name after .");
        TRY(value, member(value, name));
      } else if (at_ < text_.size() && text_[at_] == '[') {
        ++at_;
        TRY(const auto key, either());
        if (!take("]")) return wrong("expected ]");
        TRY(value, element(value, key.get()));
      } else {
        return value;
      }
    }
  }

  Result<Value> member(const Value& value, const std::string& name) const {
    if (idle_ > 0) return Value();
    const Json& object = value.get();
    if (!object.is_object()) {
      return wrong("\"" + name + "\" was asked of " + (object.is_null() ? "nothing" : object.type_name()));
    }
    const auto found = object.find(name);
    if (found != object.end()) return Value(Json(*found));
    std::vector<std::string> known;
    for (const auto& [key, child] : object.items()) known.push_back(key);
    return wrong("unknown property \"" + name + "\"" + hint(name, known));
  }

  Result<Value> element(const Value& value, const Json& key) const {
    if (idle_ > 0) return Value();
    if (key.is_string()) return member(value, key.get<std::string>());
    const Json& list = value.get();
    if (!list.is_array() || !key.is_number_integer())
      return wrong("[…] takes a number of a list or a name of an object");
    const auto wanted = key.get<std::int64_t>();
    const auto size = static_cast<std::int64_t>(list.size());
    const auto index = wanted < 0 ? wanted + size : wanted;
    if (index < 0 || index >= size) return wrong("the list has no item " + std::to_string(wanted));
    return Value(Json(list[static_cast<std::size_t>(index)]));
  }

  Result<Value> primary() {
    skip_blanks();
    if (take("(")) {
      TRY(auto value, either());
      if (!take(")")) return wrong("expected )");
      return value;
    }
    if (at_ == text_.size()) return wrong("expected a value at the end of the expression");
    const char first = text_[at_];
    if (first == '\'' || first == '"') return text_literal(first);
    if ((first >= '0' && first <= '9') || first == '-') return number();
    const std::string name = word();
    if (name.empty()) return wrong("expected a value, got `" + rest() + "`");
    if (name == "true" || name == "false") return Value(Json(name == "true"));
    if (name == "null") return Value(Json(nullptr));
    if (at_ < text_.size() && text_[at_] == '(') return call(name);
    if (const Json* found = scope_.find(name)) return path_of(found);
    if (idle_ > 0) return Value();
    return wrong("unknown variable \"" + name + "\"" + hint(name, scope_.names()));
  }

  // `a.b.c` as far as it consists of names: only its end is copied.
  Result<Value> path_of(const Json* found) {
    while (idle_ == 0 && found->is_object() && at_ < text_.size() && text_[at_] == '.') {
      const std::size_t before = at_++;
      const auto next = found->find(word());
      if (next == found->end()) {
        at_ = before;
        break;
      }
      found = &*next;
    }
    return Value(found);
  }

  Result<Value> text_literal(char quote) {
    const auto end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return wrong("a text is not closed");
    std::string text(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return Value(Json(std::move(text)));
  }

  Result<Value> number() {
    const char* const begin = text_.data() + at_;
    const char* const end = text_.data() + text_.size();
    std::int64_t whole = 0;
    const auto got = std::from_chars(begin, end, whole);
    if (got.ec == std::errc() && (got.ptr == end || *got.ptr != '.')) {
      at_ += static_cast<std::size_t>(got.ptr - begin);
      return Value(Json(whole));
    }
    double broken = 0;
    const auto read = std::from_chars(begin, end, broken, std::chars_format::fixed);
    if (read.ec != std::errc()) return wrong("expected a number, got `" + rest() + "`");
    at_ += static_cast<std::size_t>(read.ptr - begin);
    return Value(Json(broken));
  }

  Result<Value> call(const std::string& name) {
    ++at_;
    std::vector<Value> given;
    if (!take(")")) {
      do {
        TRY(auto value, either());
        given.push_back(std::move(value));
      } while (take(","));
      if (!take(")")) return wrong("expected )");
    }
    if (idle_ > 0) return Value();
    if (name == "len" && given.size() == 1) return len(given[0].get());
    if (name == "str" && given.size() == 1) return str(given[0].get());
    if (name == "join" && given.size() == 2) return join(given[0].get(), given[1].get());
    return wrong("unknown function \"" + name + "\" of " + std::to_string(given.size()) +
                 "; there are len(x), str(x) and join(list, text)");
  }

  static Result<Value> len(const Json& value) {
    if (value.is_string()) return Value(Json(value.get_ref<const std::string&>().size()));
    if (!value.is_structured()) return wrong("len() takes a text, a list or an object");
    return Value(Json(value.size()));
  }

  static Result<Value> str(const Json& value) {
    if (value.is_string()) return Value(value);
    if (value.is_structured() || value.is_null()) return wrong("str() takes a number, true, false or a text");
    return Value(Json(value.dump()));
  }

  static Result<Value> join(const Json& list, const Json& between) {
    if (!list.is_array() || !between.is_string()) return wrong("join() takes a list and a text");
    std::string text;
    for (std::size_t i = 0; i < list.size(); ++i) {
      TRY(const auto item, str(list[i]));
      if (i > 0) text += between.get_ref<const std::string&>();
      text += item.get().get_ref<const std::string&>();
    }
    return Value(Json(std::move(text)));
  }

  std::string word() {
    const auto usual = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    const std::size_t begin = at_;
    while (at_ < text_.size() && usual(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  bool take_word(std::string_view name) {
    skip_blanks();
    const std::size_t before = at_;
    if (word() == name) return true;
    at_ = before;
    return false;
  }

  void skip_blanks() {
    while (at_ < text_.size() && blanks.find(text_[at_]) != std::string_view::npos) ++at_;
  }

  std::string_view text_;
  std::size_t at_;
  const Scope& scope_;
  int idle_ = 0;
  int depth_ = 0;
};

}  // namespace

const Json* Scope::find(std::string_view name) const {
  for (const Scope* scope = this; scope != nullptr; scope = scope->outer_) {
    if (scope->value_ != nullptr && scope->name_ == name) return scope->value_;
    if (scope->members_ == nullptr) continue;
    const auto found = scope->members_->find(std::string(name));
    if (found != scope->members_->end()) return &*found;
  }
  return nullptr;
}

std::vector<std::string> Scope::names() const {
  std::vector<std::string> all;
  for (const Scope* scope = this; scope != nullptr; scope = scope->outer_) {
    if (scope->value_ != nullptr) all.push_back(scope->name_);
    if (scope->members_ == nullptr) continue;
    for (const auto& [name, value] : scope->members_->items()) all.push_back(name);
  }
  return all;
}

Result<Json> evaluate(std::string_view expression, const Scope& scope) {
  Reader reader(expression, 0, scope);
  TRY(auto value, reader.either());
  if (!reader.ended()) return wrong("expected the end of the expression, got `" + reader.rest() + "`");
  return std::move(value).take();
}

Result<Json> evaluate_braced(std::string_view text, std::size_t& at, const Scope& scope) {
  Reader reader(text, at, scope);
  TRY(auto value, reader.either());
  if (!reader.take("}")) return wrong("expected }, got `" + reader.rest() + "`");
  at = reader.at();
  return std::move(value).take();
}

bool is_true(const Json& value) {
  if (value.is_null()) return false;
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value != 0;
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  return !value.empty();
}

}  // namespace render
