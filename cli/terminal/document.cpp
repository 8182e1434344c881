#include "cli/terminal/document.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

namespace cli {
namespace {

void emit(YAML::Emitter& out, const base::Json& value) {
  if (value.is_object()) {
    if (value.empty()) out << YAML::Flow;
    out << YAML::BeginMap;
    for (const auto& [key, item] : value.items()) {
      out << YAML::Key << key << YAML::Value;
      emit(out, item);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    if (value.empty()) out << YAML::Flow;
    out << YAML::BeginSeq;
    for (const auto& item : value) emit(out, item);
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    out << YAML::DoubleQuoted << value.get<std::string>();
  } else if (value.is_null()) {
    out << YAML::Null;
  } else {
    out << base::dump_json(value);  // numbers and booleans are written alike in both
  }
}

// What YAML 1.1 and 1.2 both take for text.
bool is_plain_text(const std::string& text) {
  static const std::set<std::string> words{"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  std::string lower;
  for (const char c : text) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool is_other = (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '/';
    if (!is_letter && (!is_other || lower.empty()) && c != '/') return false;
    lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return !lower.empty() && !words.contains(lower);
}

class PeopleWriter {
 public:
  PeopleWriter(YAML::Emitter& out, const std::map<std::string, std::string>& comments)
      : out_(out), comments_(comments) {}

  void write(const base::Json& value, const std::string& at) {
    if (value.is_object()) {
      if (value.empty()) out_ << YAML::Flow;
      out_ << YAML::BeginMap;
      for (const auto& [key, item] : value.items()) {
        out_ << YAML::Key;
        write_text(key);
        out_ << YAML::Value;
        write(item, at + "/" + escaped(key));
      }
      out_ << YAML::EndMap;
    } else if (value.is_array()) {
      const bool is_flat =
          std::none_of(value.begin(), value.end(), [](const auto& item) { return item.is_structured(); });
      if (is_flat) out_ << YAML::Flow;
      out_ << YAML::BeginSeq;
      for (std::size_t i = 0; i < value.size(); ++i) write(value[i], at + "/" + std::to_string(i));
      out_ << YAML::EndSeq;
    } else if (value.is_string()) {
      write_text(value.get<std::string>());
    } else if (value.is_null()) {
      out_ << YAML::Null;
    } else {
      out_ << base::dump_json(value);
    }
    if (const auto comment = comments_.find(at); comment != comments_.end()) out_ << YAML::Comment(comment->second);
  }

 private:
  void write_text(const std::string& text) {
    if (!is_plain_text(text)) out_ << YAML::DoubleQuoted;
    out_ << text;
  }

  static std::string escaped(const std::string& key) {
    std::string out;
    for (const char c : key) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    return out;
  }

  YAML::Emitter& out_;
  const std::map<std::string, std::string>& comments_;
};

}  // namespace

std::string format_yaml(const base::Json& value, const std::map<std::string, std::string>& comments) {
  YAML::Emitter out;
  PeopleWriter(out, comments).write(value, "");
  return std::string(out.c_str()) + "\n";
}

std::string format_document(const base::Json& value, Format format) {
  if (format != Format::yaml) return base::dump_json_pretty(value) + "\n";
  YAML::Emitter out;
  emit(out, value);
  return std::string(out.c_str()) + "\n";
}

}  // namespace cli
