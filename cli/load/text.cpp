#include "cli/load/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/http/message.hpp"
#include "supervisor/spec/suggest.hpp"

namespace load {
namespace {

using base::ErrorCode;

constexpr std::size_t most_letters = 1 << 16;

bool read_whole(std::string_view text, std::int64_t& value) {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  return end.ec == std::errc() && end.ptr == text.data() + text.size() && !text.empty();
}

base::Error unknown(const std::string& name, const Names& names) {
  std::vector<std::string> known{"uuid", "counter", "random", "letters", "now", "now_ms", "iteration", "run", "env"};
  for (const auto& [slot, index] : names.slots) known.push_back(slot);
  for (const auto& [set, columns] : names.data) {
    for (const auto& column : columns) known.push_back("data." + set + "." + column);
  }
  const std::string near = spec::nearest(name, known);
  return base::fail(ErrorCode::malformed, "${" + name + "} is neither a variable, a capture of an earlier step, data " +
                                              "nor a generator" +
                                              (near.empty() ? "" : "; did you mean ${" + near + "}?"));
}

base::Result<Part> column_part(const std::string& name, const Names& names) {
  const std::size_t dot = name.find('.', 5);
  const std::string set = name.substr(5, dot == std::string::npos ? dot : dot - 5);
  const auto found = names.data.find(set);
  if (found == names.data.end() || dot == std::string::npos) return unknown(name, names);
  const auto& columns = found->second;
  const auto column = std::find(columns.begin(), columns.end(), name.substr(dot + 1));
  if (column == columns.end()) return unknown(name, names);
  Part part;
  part.source = Source::column;
  part.index = names.data_index.at(set);
  part.column = static_cast<std::size_t>(column - columns.begin());
  return part;
}

// random:LOW:HIGH and letters:COUNT.
base::Result<Part> sized_part(const std::string& name) {
  Part part;
  const std::string_view arguments = std::string_view(name).substr(name.find(':') + 1);
  if (name.starts_with("letters:")) {
    part.source = Source::letters;
    if (!read_whole(arguments, part.low) || part.low < 1 || part.low > static_cast<std::int64_t>(most_letters)) {
      return base::fail(ErrorCode::malformed, "${" + name + "}: expected letters:COUNT, COUNT from 1 to 65536");
    }
    return part;
  }
  part.source = Source::random;
  const std::size_t colon = arguments.find(':');
  if (colon == std::string_view::npos || !read_whole(arguments.substr(0, colon), part.low) ||
      !read_whole(arguments.substr(colon + 1), part.high) || part.low > part.high) {
    return base::fail(ErrorCode::malformed, "${" + name + "}: expected random:LOW:HIGH with whole numbers, LOW first");
  }
  return part;
}

base::Result<Part> env_part(const std::string& name) {
  const std::size_t fallback = name.find(":-");
  const std::string variable = name.substr(4, fallback == std::string::npos ? fallback : fallback - 4);
  Part part;
  if (const char* value = std::getenv(variable.c_str()); value != nullptr) {
    part.text = value;
  } else if (fallback != std::string::npos) {
    part.text = name.substr(fallback + 2);
  } else {
    return base::fail(ErrorCode::malformed, "${" + name + "}: the variable " + variable +
                                                " is not set; set it, or write ${env:" + variable + ":-DEFAULT}");
  }
  return part;
}

base::Result<Part> named_part(const std::string& name, const Names& names) {
  static const std::map<std::string, Source> plain{
      {"uuid", Source::uuid},     {"counter", Source::counter},     {"now", Source::now},
      {"now_ms", Source::now_ms}, {"iteration", Source::iteration}, {"run", Source::run}};
  Part part;
  if (const auto slot = names.slots.find(name); slot != names.slots.end()) {
    part.source = Source::slot;
    part.index = slot->second;
    return part;
  }
  if (const auto found = plain.find(name); found != plain.end()) {
    part.source = found->second;
    return part;
  }
  if (name.starts_with("data.")) return column_part(name, names);
  if (name.starts_with("random:") || name.starts_with("letters:")) return sized_part(name);
  if (name.starts_with("env:")) return env_part(name);
  return unknown(name, names);
}

std::string one_line(const std::string& text) {
  std::string line;
  for (const char c : text) {
    if (c != '\r' && c != '\n' && c != '\0') line += c;
  }
  return line;
}

bool keeps_type(const Part& part) { return part.source != Source::literal; }

base::Result<void> add_json(const base::Json& value, const Names& names, Text& out) {
  if (value.is_object() || value.is_array()) {
    out.add_literal(value.is_object() ? "{" : "[");
    bool first = true;
    for (const auto& [key, member] : value.items()) {
      if (!first) out.add_literal(",");
      first = false;
      if (value.is_object()) out.add_literal(base::dump_json(base::Json(key)) + ":");
      TRY(add_json(member, names, out));
    }
    out.add_literal(value.is_object() ? "}" : "]");
    return base::success();
  }
  if (!value.is_string()) return out.add_literal(base::dump_json(value)), base::success();
  TRY(auto text, read_text(value.get_ref<const std::string&>(), Escape::json_string, names));
  if (text.parts.size() == 1 && keeps_type(text.parts.front())) {
    text.parts.front().escape = Escape::json_value;
    out.parts.push_back(std::move(text.parts.front()));
    return base::success();
  }
  out.add_literal("\"");
  for (auto& part : text.parts) {
    if (part.source == Source::literal) {
      const std::string quoted = base::dump_json(base::Json(part.text));
      out.add_literal(std::string_view(quoted).substr(1, quoted.size() - 2));
    } else {
      out.parts.push_back(std::move(part));
    }
  }
  out.add_literal("\"");
  return base::success();
}

}  // namespace

Value value_of(const base::Json& json) {
  if (json.is_string()) return {json.get<std::string>(), false};
  return {base::dump_json(json), true};
}

bool Text::is_static() const {
  return std::all_of(parts.begin(), parts.end(), [](const Part& part) { return part.source == Source::literal; });
}

void Text::add_literal(std::string_view text) {
  if (text.empty()) return;
  if (parts.empty() || parts.back().source != Source::literal) parts.emplace_back();
  parts.back().text += text;
}

std::size_t Names::slot(const std::string& name) { return slots.emplace(name, slots.size()).first->second; }

base::Result<Text> read_text(std::string_view text, Escape escape, const Names& names) {
  Text out;
  while (!text.empty()) {
    const std::size_t at = text.find("${");
    if (at == std::string_view::npos) break;
    if (at > 0 && text[at - 1] == '$') {
      out.add_literal(text.substr(0, at - 1));
      out.add_literal("${");
      text.remove_prefix(at + 2);
      continue;
    }
    const std::size_t end = text.find('}', at);
    if (end == std::string_view::npos) {
      return base::fail(ErrorCode::malformed, "${ without its }; a literal ${ is written $${");
    }
    out.add_literal(text.substr(0, at));
    TRY(auto part, named_part(std::string(text.substr(at + 2, end - at - 2)), names));
    part.escape = escape;
    if (part.source == Source::literal) {
      out.add_literal(escape == Escape::url ? base::http::percent_encode(part.text) : part.text);
    } else {
      out.parts.push_back(std::move(part));
    }
    text.remove_prefix(end + 1);
  }
  out.add_literal(text);
  if (escape == Escape::header) {
    for (auto& part : out.parts) part.text = one_line(part.text);
  }
  return out;
}

base::Result<Text> read_json_text(const base::Json& value, const Names& names) {
  Text out;
  TRY(add_json(value, names, out));
  return out;
}

}  // namespace load
