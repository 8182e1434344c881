#include "cli/render/yaml_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace render {
namespace {

using base::Json;

constexpr std::size_t longest_simple_key = 512;  // readers refuse `key: value` above 1,024 characters

// What some reader of YAML 1.1 or 1.2 takes for another type; lower case.
constexpr std::array<std::string_view, 11> words_of_other_types{"y",    "n",     "yes",  "no",  "on", "off",
                                                                "true", "false", "null", "nan", "inf"};

struct Character {
  std::uint32_t code = 0xFFFD;
  std::size_t bytes = 1;
};

// The character that begins at `at`; U+FFFD for bytes that are no UTF-8.
Character character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + length > text.size()) return {};
  std::uint32_t code = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {};
    code = code << 6U | (byte(i) & 0x3FU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, length};
}

// Printable by both versions, no line break of either, and nothing that is easily overlooked.
bool is_harmless(std::uint32_t code) {
  if (code < 0x20 || (code >= 0x7F && code <= 0xA0)) return false;
  return code != 0x2028 && code != 0x2029 && code != 0xFEFF && code != 0xFFFD && code != 0xFFFE && code != 0xFFFF &&
         !(code >= 0x200B && code <= 0x200F) && !(code >= 0x202A && code <= 0x202E) &&
         !(code >= 0x2066 && code <= 0x2069);
}

void append_escaped(std::string& out, std::uint32_t code) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  const auto hex = [&](char letter, int width) {
    out += '\\';
    out += letter;
    for (int shift = (width - 1) * 4; shift >= 0; shift -= 4) out += digits[code >> static_cast<unsigned>(shift) & 15U];
  };
  if (code == '\n') {
    out += "\\n";
  } else if (code == '\t') {
    out += "\\t";
  } else if (code == '\r') {
    out += "\\r";
  } else if (code < 0x100) {
    hex('x', 2);
  } else if (code < 0x10000) {
    hex('u', 4);
  } else {
    hex('U', 8);
  }
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const auto [code, bytes] = character_at(text, at);
    if (code == '"' || code == '\\') {
      out += '\\';
      out += static_cast<char>(code);
    } else if (is_harmless(code)) {
      out += text.substr(at, bytes);
    } else {
      append_escaped(out, code);
    }
    at += bytes;
  }
  return out + "\"";
}

// Lines that a literal block gives back exactly: nothing to escape, no blanks that the block's own indentation or an
// editor could take away.
bool fits_block(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text.front() == ' ' || text.front() == '\n') return false;
  if (text.ends_with("\n\n")) return false;
  for (std::size_t at = 0; at < text.size();) {
    const auto [code, bytes] = character_at(text, at);
    if (code != '\n' && !is_harmless(code)) return false;
    const bool ends_line = at + bytes == text.size() || text[at + bytes] == '\n';
    if (code == ' ' && ends_line) return false;
    at += bytes;
  }
  return true;
}

std::string number_text(double value) {
  if (std::isnan(value)) return ".nan";
  if (std::isinf(value)) return value > 0 ? ".inf" : "-.inf";
  std::string text = Json(value).dump();
  // YAML 1.1 sees a number with an exponent only when it has a point and a sign: 1e+20 is text there, 1.0e+20 is not.
  const auto exponent = text.find('e');
  if (exponent == std::string::npos) return text;
  if (text.find('.') == std::string::npos) text.insert(exponent, ".0");
  const auto sign = text.find('e') + 1;
  if (text[sign] != '-' && text[sign] != '+') text.insert(sign, "+");
  return text;
}

std::string scalar(const Json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    return is_plain(text) ? text : in_quotes(text);
  }
  if (value.is_number_float()) return number_text(value.get<double>());
  if (value.is_object()) return "{}";
  if (value.is_array()) return "[]";
  return value.dump();
}

bool is_block(const Json& value) { return value.is_structured() && !value.empty(); }

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  // After `key:` or `-`, or at the start of a document; what does not fit there goes into lines below.
  void value(const Json& value, std::size_t indent) {
    if (value.is_string() && indent > 0 && fits_block(value.get_ref<const std::string&>())) {
      return block(value.get_ref<const std::string&>(), indent);
    }
    out_ += " " + scalar(value) + "\n";
  }

  void collection(const Json& value, std::size_t indent, bool first_is_indented) {
    bool indented = first_is_indented;
    const auto begin_line = [&] {
      if (!indented) out_.append(indent, ' ');
      indented = false;
    };
    if (value.is_array()) {
      for (const auto& item : value) {
        begin_line();
        out_ += "-";
        member(item, indent + 2, true);
      }
      return;
    }
    for (const auto& [key, child] : value.items()) {
      begin_line();
      const std::string text = is_plain(key) ? key : in_quotes(key);
      if (text.size() > longest_simple_key) {
        out_ += "? " + text + "\n";
        out_.append(indent, ' ');
        out_ += ":";
      } else {
        out_ += text + ":";
      }
      member(child, indent + 2, false);
    }
  }

 private:
  void member(const Json& child, std::size_t indent, bool in_list) {
    if (!is_block(child)) return value(child, indent);
    if (in_list) {
      out_ += " ";
      return collection(child, indent, true);
    }
    out_ += "\n";
    collection(child, indent, false);
  }

  void block(std::string_view text, std::size_t indent) {
    out_ += text.ends_with('\n') ? " |\n" : " |-\n";
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      if (end > at) out_.append(indent, ' ').append(text.substr(at, end - at));
      out_ += '\n';
      at = end + 1;
    }
  }

  std::string& out_;
};

}  // namespace

bool is_plain(std::string_view text) {
  if (text.empty() || text.size() > longest_simple_key) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (!letter(text.front()) && text.front() != '/' && text.front() != '_') return false;
  const auto usual = [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || std::string_view("_./@+=%-:()").find(c) != std::string_view::npos;
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool last = at + 1 == text.size();
    // A blank between words only; a colon never before a blank or at the end.
    if (text[at] == ' ' && !last && text[at + 1] != ' ' && text[at - 1] != ':') continue;
    if (!usual(text[at]) || (text[at] == ':' && last)) return false;
  }
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return std::find(words_of_other_types.begin(), words_of_other_types.end(), lower) == words_of_other_types.end();
}

std::string yaml_text(const Json& value) {
  std::string out;
  Writer writer(out);
  if (is_block(value)) {
    writer.collection(value, 0, false);
  } else {
    writer.value(value, 0);
    out.erase(0, 1);
  }
  return out;
}

std::string yaml_text(const std::vector<Json>& documents) {
  std::string out;
  for (const auto& document : documents) out += (out.empty() ? "" : "---\n") + yaml_text(document);
  return out;
}

}  // namespace render
