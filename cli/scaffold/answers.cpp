#include "cli/scaffold/answers.hpp"

#include "supervisor/spec/source.hpp"

namespace scaffold {
namespace {

using base::ErrorCode;
using base::Json;

const Json& schema() {
  static const Json made = base::parse_json(R"json({
    "type": "object",
    "additionalProperties": false,
    "required": ["format", "name", "template", "answers", "base"],
    "properties": {
      "format": {"enum": [1]},
      "about": {"type": "string"},
      "name": {"type": "string"},
      "template": {
        "type": "object",
        "additionalProperties": false,
        "required": ["name", "version", "from"],
        "properties": {
          "name": {"type": "string"},
          "version": {"type": "string"},
          "from": {"type": "string"},
          "revision": {"type": "string"}
        }
      },
      "answers": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
      "base": {
        "type": "object",
        "additionalProperties": {
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "text": {"type": "string"},
            "hex": {"title": "bytes in hexadecimal", "type": "string", "pattern": "^([0-9a-f][0-9a-f])*$"},
            "executable": {"type": "boolean"}
          }
        }
      }
    }})json")
                               .value();
  return made;
}

constexpr const char* about =
    "Made by msctl, for `msctl update`: what the template was asked, and its files as it made them. Keep it in version "
    "control; do not edit it.";

std::string to_hex(const std::string& bytes) {
  constexpr const char* digits = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : bytes) {
    hex += digits[byte >> 4U];
    hex += digits[byte & 15U];
  }
  return hex;
}

std::string from_hex(const std::string& hex) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(value(hex[i]) * 16 + value(hex[i + 1]));
  return bytes;
}

}  // namespace

std::string to_text(const Answers& answers) {
  Json made;
  made["format"] = 1;
  made["about"] = about;
  made["name"] = answers.name;
  made["template"] = {{"name", answers.template_name}, {"version", answers.version}, {"from", answers.from}};
  if (!answers.revision.empty()) made["template"]["revision"] = answers.revision;
  made["answers"] = Json::object();
  for (const auto& [name, values] : answers.values) made["answers"][name] = values;
  made["base"] = Json::object();
  for (const auto& [path, file] : answers.base) {
    Json& entry = made["base"][path] = Json::object();
    const bool is_text = spec::is_utf8(file.content);
    entry[is_text ? "text" : "hex"] = is_text ? file.content : to_hex(file.content);
    if (file.executable) entry["executable"] = true;
  }
  return base::dump_json_pretty(made) + "\n";
}

base::Result<Answers> parse_answers(const std::string& text, const std::string& file) {
  const auto wrong = [&file](const std::string& why) {
    return base::fail(ErrorCode::malformed, file + ": " + why + "; restore it from version control");
  };
  auto parsed = base::parse_json(text);
  if (!parsed) return wrong(parsed.error().message);
  const Json value = std::move(parsed).value();
  const auto violations = spec::violations(schema(), value, 1);
  if (!violations.empty()) return wrong(spec::show_pointer(violations[0].pointer) + ": " + violations[0].message);
  Answers answers;
  answers.name = value["name"];
  answers.template_name = value["template"]["name"];
  answers.version = value["template"]["version"];
  answers.from = value["template"]["from"];
  answers.revision = value["template"].value("revision", "");
  answers.values = value["answers"].get<Values>();
  for (const auto& [path, entry] : value["base"].items()) {
    if (const auto good = files::check_path(path); !good) return wrong(good.error().message);
    const std::string content =
        entry.contains("hex") ? from_hex(entry["hex"].get<std::string>()) : entry.value("text", "");
    answers.base[path] = {content, entry.value("executable", false)};
  }
  return answers;
}

}  // namespace scaffold
