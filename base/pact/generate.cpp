// One generated value of each type.
#include <algorithm>
#include <array>

#include "base/ids.hpp"
#include "base/json_text.hpp"
#include "base/pact/date_expression.hpp"
#include "base/pact/date_pattern.hpp"
#include "base/pact/generators.hpp"

namespace base::pact {
namespace {

constexpr std::int64_t most_characters = 10'000;

Error wrong(const std::string& what) { return fail(ErrorCode::invalid, "a generator " + what); }

std::int64_t number_of(const Json& generator, const char* key, std::int64_t otherwise) {
  const auto found = generator.find(key);
  return found != generator.end() && found->is_number_integer() ? found->get<std::int64_t>() : otherwise;
}

// The example decides whether a number or its spelling is wanted.
Json as_example(const Json& example, Json number) { return example.is_string() ? Json(dump_json(number)) : number; }

std::uint64_t below(base::Random& random, std::uint64_t bound) {
  if (bound <= UINT32_MAX) return random.below(static_cast<std::uint32_t>(bound));
  const auto high = static_cast<std::uint64_t>(random.below(UINT32_MAX));
  return ((high << 32U) | random.below(UINT32_MAX)) % bound;
}

Result<Json> random_int(const Json& generator, const Json& example, base::Random& random) {
  const auto least = number_of(generator, "min", 0);
  const auto most = number_of(generator, "max", INT32_MAX);
  if (most < least) return wrong("RandomInt has a max below its min");
  const auto width = static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least);
  const auto offset = width == UINT64_MAX ? below(random, UINT64_MAX) : below(random, width + 1);
  return as_example(example, static_cast<std::int64_t>(static_cast<std::uint64_t>(least) + offset));
}

std::string characters(std::string_view alphabet, std::int64_t count, base::Random& random) {
  std::string text;
  for (std::int64_t i = 0; i < count; ++i) text += alphabet[random.below(static_cast<std::uint32_t>(alphabet.size()))];
  return text;
}

Result<std::int64_t> size_of(const Json& generator, const char* key, std::int64_t otherwise) {
  const auto size = number_of(generator, key, otherwise);
  if (size < 0 || size > most_characters)
    return wrong(std::string("has a \"") + key + "\" that is not within 0 and 10000");
  return size;
}

Result<Json> random_decimal(const Json& generator, const Json& example, base::Random& random) {
  TRY(const auto digits, size_of(generator, "digits", 10));
  if (digits < 2) return as_example(example, static_cast<std::int64_t>(random.below(10)));
  // First and last digit are no zeros, so that the number has as many digits as were asked for.
  auto text = characters("0123456789", digits, random);
  text.front() = static_cast<char>('1' + random.below(9));
  text.back() = static_cast<char>('1' + random.below(9));
  text.insert(1 + random.below(static_cast<std::uint32_t>(digits - 1)), ".");
  if (example.is_string()) return Json(text);
  // JSON's numbers here are doubles: more than 15 digits cannot be kept.
  if (digits > 15) text.resize(16);
  return Json(std::strtod(text.c_str(), nullptr));
}

Result<Json> uuid(const Json& generator, base::Random& random) {
  std::array<std::uint8_t, 16> bytes{};
  random.fill(bytes);
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0fU) | 0x40U);  // RFC 9562: version 4
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3fU) | 0x80U);
  std::string simple;
  for (const auto byte : bytes) {
    simple += "0123456789abcdef"[byte >> 4U];
    simple += "0123456789abcdef"[byte & 15U];
  }
  const auto format = base::text_at(generator, "format");
  if (format == "simple") return Json(simple);
  auto dashed = simple;
  for (const std::size_t place : {8, 13, 18, 23}) dashed.insert(place, "-");
  if (format == "upper-case-hyphenated") {
    std::transform(dashed.begin(), dashed.end(), dashed.begin(), [](unsigned char c) { return std::toupper(c); });
  } else if (format == "URN") {
    dashed.insert(0, "urn:uuid:");
  } else if (!format.empty() && format != "lower-case-hyphenated") {
    return wrong("Uuid has the format \"" + format.substr(0, 40) + "\", which is not known");
  }
  return Json(dashed);
}

Result<Json> moment(const Json& generator, ExpressionKind kind, std::string format, base::Wall now) {
  if (const auto own = base::text_at(generator, "format"); !own.empty()) format = own;
  TRY(const auto time, reckon(base::text_at(generator, "expression"), kind, now));
  auto pattern = DatePattern::parse(format);
  if (!pattern) return wrong("has a format that cannot be used: " + pattern.error().message);
  return Json(pattern.value().format(time));
}

// `${id}` and plain names, and either alone keeps the type of the value.
Result<Json> from_states(const Json& generator, const GenerateContext& context) {
  const auto expression = base::text_at(generator, "expression");
  const auto value_of = [&](const std::string& name) -> Result<Json> {
    const auto found = context.state_values.find(name);
    if (found == context.state_values.end())
      return wrong("asks for \"" + name.substr(0, 80) + "\", which no provider state has");
    return *found;
  };
  const auto begin = expression.find("${");
  if (begin == std::string::npos) return value_of(expression);
  if (begin == 0 && expression.find('}') == expression.size() - 1) {
    return value_of(expression.substr(2, expression.size() - 3));
  }
  std::string text;
  for (std::size_t at = 0; at < expression.size();) {
    const auto next = expression.find("${", at);
    text += expression.substr(at, next == std::string::npos ? next : next - at);
    if (next == std::string::npos) break;
    const auto end = expression.find('}', next);
    if (end == std::string::npos) return wrong("has an expression with a ${ that is not closed");
    TRY(const auto value, value_of(expression.substr(next + 2, end - next - 2)));
    text += value.is_string() ? value.get<std::string>() : dump_json(value);
    at = end + 1;
  }
  return Json(text);
}

Result<Json> typed(const Json& generator, Json value) {
  const auto type = base::text_at(generator, "dataType");
  const auto text = value.is_string() ? value.get<std::string>() : dump_json(value);
  if (type == "STRING") return Json(text);
  if (type != "INTEGER" && type != "DECIMAL" && type != "FLOAT" && type != "BOOLEAN") return value;
  auto parsed = parse_json(text);
  const bool fits = parsed && (type == "INTEGER"   ? parsed.value().is_number_integer()
                               : type == "BOOLEAN" ? parsed.value().is_boolean()
                                                   : parsed.value().is_number());
  if (!fits) return wrong("needs " + type + ", the provider state has " + text.substr(0, 80));
  return std::move(parsed).value();
}

// The example's address replaced by that of the mock server: what the expression's first group matches is kept. The
// expressions that libraries write end in one group, `.*(/orders/\d+)$`.
Result<Json> mock_server_url(const Json& generator, const Json& example, const GenerateContext& context) {
  if (context.mock_server_url.empty()) return example;
  auto url = base::text_at(generator, "example");
  if (url.empty() && example.is_string()) url = example.get<std::string>();
  const auto scheme = url.find("://");
  const auto path = url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  return Json(context.mock_server_url + (path == std::string::npos ? "" : url.substr(path)));
}

Result<Json> from_regex(const Json& generator, base::Random& random) {
  TRY(auto text, text_for_regex(base::text_at(generator, "regex"), random));
  return Json(std::move(text));
}

using Make = Result<Json> (*)(const Json& generator, const Json& example, const GenerateContext& context);

Result<Json> random_hexadecimal(const Json& generator, const Json&, const GenerateContext& context) {
  TRY(const auto digits, size_of(generator, "digits", 10));
  return Json(characters("0123456789ABCDEF", digits, context.random));
}

Result<Json> random_string(const Json& generator, const Json&, const GenerateContext& context) {
  TRY(const auto size, size_of(generator, "size", 20));
  return Json(characters("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", size, context.random));
}

Result<Json> random_boolean(const Json&, const Json& example, const GenerateContext& context) {
  const bool value = context.random.below(2) == 1;
  return example.is_string() ? Json(value ? "true" : "false") : Json(value);
}

Result<Json> of_provider_state(const Json& generator, const Json& example, const GenerateContext& context) {
  if (!context.verifying) return example;
  TRY(auto value, from_states(generator, context));
  return typed(generator, std::move(value));
}

struct Known {
  std::string_view type;
  Make make;
};

constexpr std::array<Known, 12> known{{
    {"RandomInt", [](const Json& g, const Json& e, const GenerateContext& c) { return random_int(g, e, c.random); }},
    {"RandomDecimal",
     [](const Json& g, const Json& e, const GenerateContext& c) { return random_decimal(g, e, c.random); }},
    {"RandomHexadecimal", random_hexadecimal},
    {"RandomString", random_string},
    {"RandomBoolean", random_boolean},
    {"Regex", [](const Json& g, const Json&, const GenerateContext& c) { return from_regex(g, c.random); }},
    {"Uuid", [](const Json& g, const Json&, const GenerateContext& c) { return uuid(g, c.random); }},
    {"Date", [](const Json& g, const Json&,
                const GenerateContext& c) { return moment(g, ExpressionKind::date, "yyyy-MM-dd", c.now); }},
    {"Time", [](const Json& g, const Json&,
                const GenerateContext& c) { return moment(g, ExpressionKind::time, "HH:mm:ss", c.now); }},
    {"DateTime",
     [](const Json& g, const Json&, const GenerateContext& c) {
       return moment(g, ExpressionKind::both, "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", c.now);
     }},
    {"ProviderState", of_provider_state},
    {"MockServerURL",
     [](const Json& g, const Json& e, const GenerateContext& c) {
       return c.verifying ? Result<Json>(e) : mock_server_url(g, e, c);
     }},
}};

Result<Make> find_make(const Json& generator) {
  const auto type = base::text_at(generator, "type");
  const auto found = std::find_if(known.begin(), known.end(), [&](const Known& one) { return one.type == type; });
  if (found != known.end()) return found->make;
  return fail(ErrorCode::unsupported, "a generator has the type \"" + type.substr(0, 40) + "\", which is not known");
}

}  // namespace

Result<void> check_known(const Generators& generators) {
  if (generators.extra.is_object() && !generators.extra.empty()) {
    return fail(ErrorCode::unsupported, "there are generators for \"" + generators.extra.begin().key().substr(0, 40) +
                                            "\", which is not known: they may be for method, path, status, query, "
                                            "header, body and metadata");
  }
  for (const auto* category : {&generators.method, &generators.path, &generators.status, &generators.query,
                               &generators.header, &generators.body, &generators.metadata}) {
    for (const auto& generator : *category) {
      TRY(find_make(generator.written));
    }
  }
  return success();
}

Result<Json> generate(const Json& generator, const Json& example, const GenerateContext& context) {
  TRY(const auto make, find_make(generator));
  return make(generator, example, context);
}

}  // namespace base::pact
