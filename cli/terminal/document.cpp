#include "cli/terminal/document.hpp"

#include <yaml-cpp/yaml.h>

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

}  // namespace

std::string format_document(const base::Json& value, Format format) {
  if (format != Format::yaml) return base::dump_json_pretty(value) + "\n";
  YAML::Emitter out;
  emit(out, value);
  return std::string(out.c_str()) + "\n";
}

}  // namespace cli
