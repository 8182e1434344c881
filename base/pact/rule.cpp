// One matching rule: reading, writing, describing.
#include <array>
#include <charconv>

#include "base/pact/rules.hpp"

namespace base::pact {
namespace {

struct KindName {
  RuleKind kind;
  std::string_view name;
};

// The first name of a kind is the one that is written; the others are read, too.
constexpr std::array kind_names = {
    KindName{RuleKind::equality, "equality"},
    KindName{RuleKind::regex, "regex"},
    KindName{RuleKind::type, "type"},
    KindName{RuleKind::type, "min"},
    KindName{RuleKind::type, "max"},
    KindName{RuleKind::type, "min-type"},
    KindName{RuleKind::type, "max-type"},
    KindName{RuleKind::type, "min-max-type"},
    KindName{RuleKind::include, "include"},
    KindName{RuleKind::integer, "integer"},
    KindName{RuleKind::decimal, "decimal"},
    KindName{RuleKind::decimal, "real"},
    KindName{RuleKind::number, "number"},
    KindName{RuleKind::date, "date"},
    KindName{RuleKind::time, "time"},
    KindName{RuleKind::datetime, "datetime"},
    KindName{RuleKind::datetime, "timestamp"},
    KindName{RuleKind::null, "null"},
    KindName{RuleKind::boolean, "boolean"},
    KindName{RuleKind::content_type, "contentType"},
    KindName{RuleKind::content_type, "content-type"},
    KindName{RuleKind::values, "values"},
    KindName{RuleKind::array_contains, "arrayContains"},
    KindName{RuleKind::array_contains, "array-contains"},
    KindName{RuleKind::status_code, "statusCode"},
    KindName{RuleKind::status_code, "status-code"},
    KindName{RuleKind::not_empty, "notEmpty"},
    KindName{RuleKind::not_empty, "not-empty"},
    KindName{RuleKind::semver, "semver"},
    KindName{RuleKind::each_key, "eachKey"},
    KindName{RuleKind::each_key, "each-key"},
    KindName{RuleKind::each_value, "eachValue"},
    KindName{RuleKind::each_value, "each-value"},
};

RuleKind kind_of(std::string_view name) {
  for (const auto& known : kind_names) {
    if (known.name == name) return known.kind;
  }
  return RuleKind::unknown;
}

std::string_view name_of(RuleKind kind) {
  for (const auto& known : kind_names) {
    if (known.kind == kind) return known.name;
  }
  return "unknown";
}

Error wrong(const std::string& key, std::string_view what) {
  return fail(ErrorCode::malformed, "\"" + key + "\" of a matcher must be " + std::string(what));
}

Result<std::string> text_of(const Json& object, const std::string& key, bool required) {
  const auto found = object.find(key);
  if (found == object.end()) {
    if (required) return fail(ErrorCode::malformed, "a matcher lacks \"" + key + "\"");
    return std::string();
  }
  if (found->is_string()) return found->get<std::string>();
  if (found->is_number() || found->is_boolean()) return dump_json(*found);
  return wrong(key, "a text");
}

// Sizes: whole numbers; the specification has an example with "min": "1".
Result<std::optional<std::int64_t>> size_of(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::optional<std::int64_t>();
  if (found->is_number_integer()) return std::optional(found->get<std::int64_t>());
  if (found->is_number_float() &&
      found->get<double>() == static_cast<double>(static_cast<std::int64_t>(found->get<double>()))) {
    return std::optional(static_cast<std::int64_t>(found->get<double>()));
  }
  if (found->is_string()) {
    const auto& text = found->get_ref<const std::string&>();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size()) return std::optional(value);
  }
  return wrong(key, "a whole number");
}

// Libraries write expressions for the engines of Ruby, Java or Rust; two spellings differ in ours only by name.
std::string to_our_syntax(const std::string& regex) {
  std::string out;
  for (std::size_t i = 0; i < regex.size(); ++i) {
    if (regex[i] == '\\' && i + 1 < regex.size()) {
      const char next = regex[++i];
      out += '\\';
      out += next == 'Z' ? 'z' : next;
    } else if (regex.compare(i, 3, "(?<") == 0 && i + 3 < regex.size() && regex[i + 3] != '=' && regex[i + 3] != '!') {
      out += "(?P<";
      i += 2;
    } else {
      out += regex[i];
    }
  }
  return out;
}

// The whole value must match, as in the specification's test cases and in the other implementations.
void compile(Rule& rule) {
  auto pattern = Pattern::make("\\A(?:" + to_our_syntax(rule.text) + ")\\z");
  if (pattern) {
    rule.pattern = std::move(pattern).value();
  } else {
    rule.defect = "the expression `" + rule.text + "` cannot be used: " + pattern.error().message +
                  " (look-around and back references are not supported)";
  }
}

Result<std::vector<std::pair<int, int>>> statuses_of(const Json& object) {
  using Ranges = std::vector<std::pair<int, int>>;
  const auto found = object.find("status");
  if (found == object.end()) return Ranges{{200, 299}};
  if (found->is_array()) {
    Ranges ranges;
    for (const auto& status : *found) {
      if (!status.is_number_integer()) return wrong("status", "a class of codes or a list of codes");
      ranges.emplace_back(status.get<int>(), status.get<int>());
    }
    return ranges;
  }
  if (found->is_number_integer()) return Ranges{{found->get<int>(), found->get<int>()}};
  const auto name = found->is_string() ? found->get<std::string>() : std::string();
  if (name == "info") return Ranges{{100, 199}};
  if (name == "success") return Ranges{{200, 299}};
  if (name == "redirect") return Ranges{{300, 399}};
  if (name == "clientError") return Ranges{{400, 499}};
  if (name == "serverError") return Ranges{{500, 599}};
  if (name == "nonError") return Ranges{{100, 399}};
  if (name == "error") return Ranges{{400, 599}};
  return wrong("status", "info, success, redirect, clientError, serverError, nonError, error or a list of codes");
}

Result<std::vector<RuleVariant>> variants_of(const Json& object) {
  const auto found = object.find("variants");
  std::vector<RuleVariant> variants;
  if (found == object.end()) return variants;  // every element of the example, compared for equality
  if (!found->is_array()) return wrong("variants", "a list");
  for (const auto& written : *found) {
    if (!written.is_object()) return wrong("variants", "a list of objects");
    RuleVariant variant;
    TRY(const auto index, size_of(written, "index"));
    if (index && *index < 0) return wrong("index", "0 or more");
    variant.index = static_cast<std::size_t>(index.value_or(0));
    if (const auto rules = written.find("rules"); rules != written.end()) {
      TRY(variant.rules, read_category(*rules, "variants", false));
    }
    if (const auto generators = written.find("generators"); generators != written.end()) {
      if (!generators->is_object()) return wrong("generators", "an object");
      variant.generators = *generators;
    }
    variants.push_back(std::move(variant));
  }
  return variants;
}

Result<std::vector<Rule>> rules_of(const Json& object) {
  const auto found = object.find("rules");
  std::vector<Rule> rules;
  if (found == object.end()) return rules;
  if (!found->is_array()) return wrong("rules", "a list");
  for (const auto& written : *found) {
    TRY(auto rule, read_rule(written));
    rules.push_back(std::move(rule));
  }
  return rules;
}

// V2 left the kind out where a parameter said it.
std::string guess(const Json& written) {
  for (const char* key : {"regex", "min", "max", "timestamp", "time", "date"}) {
    if (written.contains(key)) return key;
  }
  return {};
}

Result<void> read_parameters(Rule& rule, const std::string& name) {
  switch (rule.kind) {
    case RuleKind::regex: {
      TRY(rule.text, text_of(rule.written, "regex", true));
      compile(rule);
      return success();
    }
    case RuleKind::type: {
      TRY(rule.min, size_of(rule.written, "min"));
      TRY(rule.max, size_of(rule.written, "max"));
      return success();
    }
    case RuleKind::include:
    case RuleKind::content_type: {
      TRY(rule.text, text_of(rule.written, "value", true));
      return success();
    }
    case RuleKind::date:
    case RuleKind::time:
    case RuleKind::datetime: {
      TRY(rule.text, text_of(rule.written, rule.written.contains("format") ? "format" : name, false));
      return success();
    }
    case RuleKind::status_code: {
      TRY(rule.statuses, statuses_of(rule.written));
      return success();
    }
    case RuleKind::array_contains: {
      TRY(rule.variants, variants_of(rule.written));
      return success();
    }
    case RuleKind::each_key:
    case RuleKind::each_value: {
      TRY(rule.rules, rules_of(rule.written));
      return success();
    }
    default:
      return success();
  }
}

std::string sizes(const Rule& rule) {
  std::string text;
  if (rule.min) text += "min " + std::to_string(*rule.min);
  if (rule.max) text += (text.empty() ? "max " : ", max ") + std::to_string(*rule.max);
  return text.empty() ? text : " (" + text + ")";
}

}  // namespace

Result<Rule> read_rule(const Json& written) {
  if (!written.is_object()) return fail(ErrorCode::malformed, "a matcher must be an object");
  Rule rule;
  rule.written = written;
  TRY(auto name, text_of(written, "match", false));
  if (name.empty()) {
    name = guess(written);
    if (name.empty()) return fail(ErrorCode::malformed, "a matcher lacks \"match\"");
    rule.written["match"] = name == "timestamp" ? "datetime" : name == "min" || name == "max" ? "type" : name;
  }
  rule.kind = kind_of(name);
  if (rule.kind == RuleKind::unknown) rule.defect = "the matcher \"" + name + "\" is not known";
  TRY(read_parameters(rule, name));
  return rule;
}

Json write_rule(const Rule& rule) {
  if (!rule.written.is_null()) return rule.written;
  Json written = {{"match", name_of(rule.kind)}};
  if (rule.kind == RuleKind::regex) written["regex"] = rule.text;
  if (rule.kind == RuleKind::include || rule.kind == RuleKind::content_type) written["value"] = rule.text;
  if (rule.kind == RuleKind::date || rule.kind == RuleKind::time || rule.kind == RuleKind::datetime) {
    written["format"] = rule.text;
  }
  if (rule.min) written["min"] = *rule.min;
  if (rule.max) written["max"] = *rule.max;
  if (rule.kind == RuleKind::status_code) {
    Json codes = Json::array();
    for (const auto& [first, last] : rule.statuses) {
      for (int code = first; code <= last; ++code) codes.push_back(code);
    }
    written["status"] = std::move(codes);
  }
  if (rule.kind == RuleKind::each_key || rule.kind == RuleKind::each_value) {
    written["rules"] = Json::array();
    for (const auto& inner : rule.rules) written["rules"].push_back(write_rule(inner));
  }
  if (rule.kind == RuleKind::array_contains) {
    written["variants"] = Json::array();
    for (const auto& variant : rule.variants) {
      Json one = {{"index", variant.index}, {"rules", write_category(variant.rules)}};
      if (!variant.generators.empty()) one["generators"] = variant.generators;
      written["variants"].push_back(std::move(one));
    }
  }
  return written;
}

std::string describe(const Rule& rule) {
  switch (rule.kind) {
    case RuleKind::type:
      return "type" + sizes(rule);
    case RuleKind::regex:
      return "regex `" + rule.text + "`";
    case RuleKind::include:
      return "include \"" + rule.text + "\"";
    case RuleKind::content_type:
      return "contentType " + rule.text;
    case RuleKind::date:
    case RuleKind::time:
    case RuleKind::datetime:
      return std::string(name_of(rule.kind)) + (rule.text.empty() ? "" : " `" + rule.text + "`");
    case RuleKind::unknown: {
      const auto match = rule.written.find("match");
      return match != rule.written.end() && match->is_string() ? match->get<std::string>() : "unknown";
    }
    default:
      return std::string(name_of(rule.kind));
  }
}

std::string describe(const RuleList& list) {
  std::string text;
  for (const auto& rule : list.rules) text += (text.empty() ? "" : list.any ? " or " : " and ") + describe(rule);
  return text;
}

}  // namespace base::pact
