// Collections of matching rules: the two forms in files, and which rule a place gets.
#include "base/pact/rules.hpp"

#include <algorithm>

#include "base/http/message.hpp"

namespace base::pact {
namespace {

constexpr std::size_t max_rules_of_category = 10'000;

Error refuse(const std::string& where, const std::string& what) {
  return Error{ErrorCode::malformed, where + ": " + what, {{where, what}}};
}
Error refuse(const std::string& where, const Error& error) {
  return error.fields.empty() ? refuse(where, error.message) : error;
}

std::string element(const std::string& where, const std::string& key) { return where + "['" + key + "']"; }

// {"matchers": […], "combine": "AND"}, and the single matcher of V2.
Result<RuleList> read_list(const Json& written, const std::string& where, Json& extra) {
  RuleList list;
  if (!written.is_object()) return refuse(where, "must be an object");
  if (!written.contains("matchers")) {
    auto rule = read_rule(written);
    if (!rule) return refuse(where, rule.error());
    list.rules.push_back(std::move(rule).value());
    return list;
  }
  for (const auto& [key, value] : written.items()) {
    if (key == "combine") {
      if (!value.is_string()) return refuse(where + ".combine", "must be AND or OR");
      const auto& combine = value.get_ref<const std::string&>();
      if (!http::iequals(combine, "and") && !http::iequals(combine, "or")) {
        return refuse(where + ".combine", "must be AND or OR");
      }
      list.any = http::iequals(combine, "or");
    } else if (key == "matchers") {
      if (!value.is_array()) return refuse(where + ".matchers", "must be a list");
      for (std::size_t i = 0; i < value.size(); ++i) {
        auto rule = read_rule(value[i]);
        if (!rule) return refuse(where + ".matchers[" + std::to_string(i) + "]", rule.error());
        list.rules.push_back(std::move(rule).value());
      }
    } else {
      extra[key] = value;
    }
  }
  return list;
}

Json write_list(const RuleList& list) {
  Json matchers = Json::array();
  for (const auto& rule : list.rules) matchers.push_back(write_rule(rule));
  return {{"combine", list.any ? "OR" : "AND"}, {"matchers", std::move(matchers)}};
}

// Path, method and status hold one list; a few libraries put it below an empty name.
Result<RuleList> read_one_list(const Json& written, const std::string& where) {
  if (written.is_object() && written.empty()) return RuleList{};
  if (written.is_object() && written.size() == 1 && (written.contains("") || written.contains("$"))) {
    Json ignored;
    return read_list(written.front(), where, ignored);
  }
  Json ignored = Json::object();
  return read_list(written, where, ignored);
}

// A name in `$.header.X`, `$.query.q[0]`, `$.headers['X-Y']`: what is left after the first element.
RuleEntry named(const PathExpression& whole, RuleList list) {
  RuleEntry entry;
  entry.list = std::move(list);
  std::string name = whole.tokens().size() > 1 ? whole.tokens()[1].text : std::string();
  std::string path = "$['" + name + "']";
  for (std::size_t i = 2; i < whole.tokens().size(); ++i) {
    const auto& token = whole.tokens()[i];
    path += token.kind == PathExpression::Kind::index ? "[" + token.text + "]" : "[*]";
  }
  entry.name = path.substr(1 + name.size() + 4) == "[*]" || whole.tokens().size() == 2 ? name : path;
  if (auto parsed = PathExpression::parse(path)) entry.path = std::move(parsed).value();
  return entry;
}

RuleEntry below(const PathExpression& whole, RuleList list) {
  Where place;
  std::string path = "$";
  for (std::size_t i = 1; i < whole.tokens().size(); ++i) {
    const auto& token = whole.tokens()[i];
    switch (token.kind) {
      case PathExpression::Kind::any_key:
        path += ".*";
        break;
      case PathExpression::Kind::any_index:
        path += "[*]";
        break;
      case PathExpression::Kind::index:
        path += "[" + token.text + "]";
        break;
      case PathExpression::Kind::key:
        path += to_text(Where{token.text}).substr(1);
        break;
    }
  }
  RuleEntry entry;
  entry.list = std::move(list);
  entry.name = path;
  if (auto parsed = PathExpression::parse(path)) entry.path = std::move(parsed).value();
  return entry;
}

// V2: {"$.body.a": {"match": "type"}, "$.path": …}
Result<MatchingRules> read_flat(const Json& written, const std::string& where) {
  MatchingRules rules;
  for (const auto& [key, value] : written.items()) {
    const auto here = element(where, key);
    auto path = PathExpression::parse(key);
    if (!path) return refuse(here, path.error());
    Json extra = Json::object();
    TRY(auto list, read_list(value, here, extra));
    const auto& tokens = path.value().tokens();
    const auto part = tokens.empty() ? std::string() : tokens[0].text;
    if (part == "body" || part.empty()) {
      rules.body.push_back(below(path.value(), std::move(list)));
    } else if (part == "headers" || part == "header") {
      rules.header.push_back(named(path.value(), std::move(list)));
    } else if (part == "query") {
      rules.query.push_back(named(path.value(), std::move(list)));
    } else if (part == "metadata" || part == "metaData") {
      rules.metadata.push_back(named(path.value(), std::move(list)));
    } else if (part == "path") {
      rules.path = std::move(list);
    } else if (part == "status") {
      rules.status = std::move(list);
    } else if (part == "method") {
      rules.method = std::move(list);
    } else {
      return refuse(here, "a rule must be for $.body, $.headers, $.query, $.path, $.status or $.metadata");
    }
  }
  return rules;
}

}  // namespace

bool MatchingRules::empty() const {
  return method.rules.empty() && path.rules.empty() && status.rules.empty() && query.empty() && header.empty() &&
         body.empty() && metadata.empty() && extra.empty();
}

Result<RuleCategory> read_category(const Json& written, const std::string& where, bool by_name) {
  if (!written.is_object()) return refuse(where, "must be an object");
  if (written.size() > max_rules_of_category) return refuse(where, "has more than 10000 rules");
  RuleCategory category;
  for (const auto& [key, value] : written.items()) {
    const auto here = element(where, key);
    RuleEntry entry;
    entry.name = key;
    TRY(entry.list, read_list(value, here, entry.extra));
    auto path = PathExpression::parse(by_name && !key.starts_with("$") ? "$['" + key + "']" : key);
    if (!path && by_name) path = PathExpression::parse("$");
    if (!path) return refuse(here, path.error());
    entry.path = std::move(path).value();
    category.push_back(std::move(entry));
  }
  return category;
}

Json write_category(const RuleCategory& category) {
  Json written = Json::object();
  for (const auto& entry : category) {
    Json list = write_list(entry.list);
    for (const auto& [key, value] : entry.extra.items()) list[key] = value;
    written[entry.name] = std::move(list);
  }
  return written;
}

Result<MatchingRules> read_rules(const Json& written, const std::string& where) {
  if (written.is_null()) return MatchingRules{};
  if (!written.is_object()) return refuse(where, "must be an object");
  if (!written.empty() && std::all_of(written.items().begin(), written.items().end(),
                                      [](const auto& item) { return item.key().starts_with("$"); })) {
    return read_flat(written, where);
  }
  MatchingRules rules;
  for (const auto& [key, value] : written.items()) {
    const auto here = where + "." + key;
    if (key == "path") {
      TRY(rules.path, read_one_list(value, here));
    } else if (key == "status") {
      TRY(rules.status, read_one_list(value, here));
    } else if (key == "method") {
      TRY(rules.method, read_one_list(value, here));
    } else if (key == "query") {
      TRY(rules.query, read_category(value, here, true));
    } else if (key == "header" || key == "headers") {
      TRY(rules.header, read_category(value, here, true));
    } else if (key == "body" || key == "content" || key == "contents") {
      TRY(rules.body, read_category(value, here, false));
    } else if (key == "metadata" || key == "metaData") {
      TRY(rules.metadata, read_category(value, here, true));
    } else {
      rules.extra[key] = value;
    }
  }
  return rules;
}

Json write_rules(const MatchingRules& rules, const std::string& body_name) {
  Json written = rules.extra.is_object() ? rules.extra : Json::object();
  if (!rules.method.rules.empty()) written["method"] = write_list(rules.method);
  if (!rules.path.rules.empty()) written["path"] = write_list(rules.path);
  if (!rules.status.rules.empty()) written["status"] = write_list(rules.status);
  if (!rules.query.empty()) written["query"] = write_category(rules.query);
  if (!rules.header.empty()) written["header"] = write_category(rules.header);
  if (!rules.body.empty()) written[body_name] = write_category(rules.body);
  if (!rules.metadata.empty()) written["metadata"] = write_category(rules.metadata);
  return written;
}

Chosen choose(const RuleCategory& category, const Where& place) {
  Chosen best;
  std::uint64_t weight = 0;
  for (const auto& entry : category) {
    const auto here = entry.path.weight(place);
    const auto longer = best.path != nullptr && entry.path.tokens().size() >= best.path->tokens().size();
    if (here == 0 || here < weight || (here == weight && !longer)) continue;
    weight = here;
    best = {&entry.list, &entry.path, entry.path.tokens().size() < place.size()};
  }
  return best;
}

const RuleList* choose(const RuleCategory& category, std::string_view name, std::size_t index, bool ignore_case) {
  const RuleList* general = nullptr;
  for (const auto& entry : category) {
    const auto same = [&](std::string_view text) { return ignore_case ? http::iequals(text, name) : text == name; };
    const auto& tokens = entry.path.tokens();
    if (same(entry.name) || (tokens.size() == 1 && same(tokens[0].text))) {
      general = &entry.list;
    } else if (tokens.size() == 2 && same(tokens[0].text)) {
      if (tokens[1].text == std::to_string(index)) return &entry.list;
      if (tokens[1].kind == PathExpression::Kind::any_index || tokens[1].kind == PathExpression::Kind::any_key) {
        general = general == nullptr ? &entry.list : general;
      }
    }
  }
  return general;
}

}  // namespace base::pact
