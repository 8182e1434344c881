#include "cli/render/template.hpp"

#include <algorithm>
#include <optional>

#include "supervisor/spec/yaml.hpp"

namespace render {
namespace {

using base::Json;
using base::Result;

// Nothing: to be left out of what is around it.
using Filled = std::optional<Json>;

base::Error at_place(const std::string& place, std::string message) {
  return {base::ErrorCode::invalid, message, {{place, std::move(message)}}};
}

base::Error at_place(const std::string& place, const base::Error& error) { return at_place(place, error.message); }

std::string step(const std::string& place, std::string_view key) { return spec::child_pointer(place, key); }

Result<std::string> interpolate(const std::string& text, const Scope& scope, const std::string& place) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto mark = text.find("${", at);
    if (mark == std::string::npos) return out + text.substr(at);
    if (mark > at && text[mark - 1] == '$') {
      out += text.substr(at, mark - at - 1) + "${";
      at = mark + 2;
      continue;
    }
    out += text.substr(at, mark - at);
    at = mark + 2;
    auto value = evaluate_braced(text, at, scope);
    if (!value) return at_place(place, value.error());
    if (value.value().is_structured() || value.value().is_null()) {
      return at_place(place,
                      std::string("a text takes a text, a number or a boolean, got ") + value.value().type_name());
    }
    out += value.value().is_string() ? value.value().get<std::string>() : value.value().dump();
  }
  return out;
}

class Filler {
 public:
  explicit Filler(const Scope& scope) : scope_(scope) {}

  Result<Filled> fill(const Json& form, const std::string& place) const {
    if (form.is_string()) {
      TRY(auto text, interpolate(form.get_ref<const std::string&>(), scope_, place));
      return Filled(Json(std::move(text)));
    }
    if (form.is_array()) return list(form, place);
    if (!form.is_object()) return Filled(form);
    for (const auto& [key, child] : form.items()) {
      if (key.size() > 1 && key[0] == '$' && key[1] != '$' && key[1] != '{') return apply(key, form, place);
    }
    return object(form, place);
  }

  // For where nothing cannot stand.
  Result<Json> need(const Json& form, const std::string& place) const {
    TRY(auto filled, fill(form, place));
    if (!filled) return at_place(place, "this has no value here; give the $if an else");
    return std::move(*filled);
  }

 private:
  Result<Filled> list(const Json& form, const std::string& place) const {
    Json out = Json::array();
    for (std::size_t i = 0; i < form.size(); ++i) {
      TRY(auto item, fill(form[i], step(place, std::to_string(i))));
      if (item) out.push_back(std::move(*item));
    }
    return Filled(std::move(out));
  }

  Result<Filled> object(const Json& form, const std::string& place) const {
    Json out = Json::object();
    for (const auto& [key, child] : form.items()) {
      const std::string inner = step(place, key);
      TRY(auto value, fill(child, inner));
      if (!value) continue;
      TRY(auto name,
          interpolate(key.starts_with("$$") && !key.starts_with("$${") ? key.substr(1) : key, scope_, inner));
      if (out.contains(name)) return at_place(inner, "the key \"" + name + "\" occurs twice");
      out[std::move(name)] = std::move(*value);
    }
    return Filled(std::move(out));
  }

  Result<Filled> apply(const std::string& key, const Json& form, const std::string& place) const {
    if (key == "$eval") return eval(form, place);
    if (key == "$if") return choose(form, place);
    if (key == "$let") return let(form, place);
    if (key == "$map") return map(form, place);
    if (key == "$merge") return merge(form, place);
    if (key == "$flatten") return flatten(form, place);
    if (key == "$json") return json(form, place);
    return at_place(step(place, key),
                    "unknown operator " + key + "; there are $eval, $if, $let, $map, $merge, $flatten and $json");
  }

  static Result<void> only(const Json& form, const std::string& place, std::initializer_list<std::string_view> keys) {
    for (const auto& [key, child] : form.items()) {
      if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
      return at_place(step(place, key), "\"" + key + "\" does not belong to " + std::string(*keys.begin()));
    }
    return base::success();
  }

  Result<Json> expression(const Json& form, const char* key, const std::string& place) const {
    const Json& text = form[key];
    if (!text.is_string()) return at_place(step(place, key), std::string(key) + " takes an expression in a text");
    auto value = evaluate(text.get_ref<const std::string&>(), scope_);
    if (!value) return at_place(step(place, key), value.error());
    return value;
  }

  Result<Filled> eval(const Json& form, const std::string& place) const {
    TRY(only(form, place, {"$eval"}));
    TRY(auto value, expression(form, "$eval", place));
    return Filled(std::move(value));
  }

  Result<Filled> choose(const Json& form, const std::string& place) const {
    TRY(only(form, place, {"$if", "then", "else"}));
    TRY(const auto condition, expression(form, "$if", place));
    const char* branch = is_true(condition) ? "then" : "else";
    const auto found = form.find(branch);
    if (found == form.end()) return Filled();
    return fill(*found, step(place, branch));
  }

  Result<Filled> let(const Json& form, const std::string& place) const {
    TRY(only(form, place, {"$let", "in"}));
    if (!form.contains("in")) return at_place(place, "$let needs `in`");
    TRY(const auto names, need(form["$let"], step(place, "$let")));
    if (!names.is_object()) return at_place(step(place, "$let"), "$let takes an object");
    const Scope inner(names, &scope_);
    return Filler(inner).fill(form["in"], step(place, "in"));
  }

  struct Each {
    std::string key;  // as it stands in the template
    std::string item;
    std::string index;  // or empty
  };

  static std::optional<Each> each_of(const Json& form) {
    for (const auto& [key, child] : form.items()) {
      if (!key.starts_with("each(") || !key.ends_with(")")) continue;
      std::string inside = key.substr(5, key.size() - 6);
      inside.erase(std::remove(inside.begin(), inside.end(), ' '), inside.end());
      const auto comma = inside.find(',');
      return Each{key, inside.substr(0, comma), comma == std::string::npos ? "" : inside.substr(comma + 1)};
    }
    return std::nullopt;
  }

  Result<Filled> map(const Json& form, const std::string& place) const {
    const auto each = each_of(form);
    if (!each || form.size() != 2) return at_place(place, "$map takes a list and each(x), nothing else");
    TRY(const auto over, need(form["$map"], step(place, "$map")));
    if (!over.is_structured()) return at_place(step(place, "$map"), "$map takes a list or an object");
    Json out = over.is_object() ? Json::object() : Json::array();
    std::size_t number = 0;
    for (const auto& [key, value] : over.items()) {
      const Json item = over.is_object() ? Json{{"key", key}, {"val", value}} : value;
      const Json index = number++;
      const Scope counted(each->index, index, &scope_);
      const Scope inner(each->item, item, each->index.empty() ? &scope_ : &counted);
      TRY(auto filled, Filler(inner).fill(form[each->key], step(place, each->key)));
      if (!filled) continue;
      if (over.is_array()) {
        out.push_back(std::move(*filled));
      } else if (filled->is_object()) {
        out.update(*filled);
      } else {
        return at_place(step(place, each->key), "each(x) over an object gives objects");
      }
    }
    return Filled(std::move(out));
  }

  Result<Filled> merge(const Json& form, const std::string& place) const {
    TRY(only(form, place, {"$merge"}));
    TRY(const auto parts, need(form["$merge"], step(place, "$merge")));
    Json out = Json::object();
    if (!parts.is_array()) return at_place(step(place, "$merge"), "$merge takes a list of objects");
    for (const auto& part : parts) {
      if (!part.is_object()) return at_place(step(place, "$merge"), "$merge takes a list of objects");
      out.update(part);
    }
    return Filled(std::move(out));
  }

  Result<Filled> flatten(const Json& form, const std::string& place) const {
    TRY(only(form, place, {"$flatten"}));
    TRY(const auto parts, need(form["$flatten"], step(place, "$flatten")));
    if (!parts.is_array()) return at_place(step(place, "$flatten"), "$flatten takes a list");
    Json out = Json::array();
    for (const auto& part : parts) {
      if (part.is_array()) {
        out.insert(out.end(), part.begin(), part.end());
      } else {
        out.push_back(part);
      }
    }
    return Filled(std::move(out));
  }

  Result<Filled> json(const Json& form, const std::string& place) const {
    TRY(only(form, place, {"$json"}));
    TRY(const auto value, need(form["$json"], step(place, "$json")));
    return Filled(Json(base::dump_json(value)));
  }

  const Scope& scope_;
};

}  // namespace

Result<Json> fill_in(const Json& form, const Scope& scope) { return Filler(scope).need(form, ""); }

}  // namespace render
