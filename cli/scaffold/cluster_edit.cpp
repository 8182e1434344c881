#include "cli/scaffold/cluster_edit.hpp"

#include <algorithm>
#include <vector>

#include "supervisor/spec/yaml.hpp"

namespace scaffold {
namespace {

using base::ErrorCode;
using base::Json;

constexpr const char* file_name = "msctl.yaml";

// The text as lines with their line ends.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = text.find('\n', start);
    const std::size_t next = end == std::string::npos ? text.size() : end + 1;
    lines.push_back(text.substr(start, next - start));
    start = next;
  }
  return lines;
}

std::size_t indentation(const std::string& line) { return std::min(line.find_first_not_of(' '), line.size()); }

bool is_blank(const std::string& line) { return line.find_first_not_of(" \t\r\n") == std::string::npos; }

bool is_comment(const std::string& line) {
  const auto first = line.find_first_not_of(" \t");
  return first != std::string::npos && line[first] == '#';
}

// Tries ways to write the entry until one means what is wanted.
class Edit {
 public:
  Edit(const std::string& text, const spec::YamlDocument& document, std::string entry, Json wanted)
      : lines_(lines_of(text)), document_(document), entry_(std::move(entry)), wanted_(std::move(wanted)) {
    newline_ = !lines_.empty() && lines_.front().ends_with("\r\n") ? "\r\n" : "\n";
    if (!lines_.empty() && !lines_.back().ends_with("\n")) lines_.back() += newline_;
  }

  // Empty when none does.
  std::string result() const {
    for (const std::string& candidate : candidates()) {
      const auto read = spec::parse_yaml(candidate, file_name);
      if (read && read.value().value == wanted_) return candidate;
    }
    return {};
  }

 private:
  std::vector<std::string> candidates() const {
    if (!document_.value.is_object() || !document_.value.contains("services")) {
      return {joined(lines_.size(), "services:" + newline_ + "  " + entry_ + newline_)};
    }
    const auto begin = static_cast<std::size_t>(spec::line_of(document_, "/services")) - 1;
    const std::size_t end = end_of_block(begin);
    const Json& services = document_.value["services"];
    std::vector<std::string> made;
    if (services.is_object() && !services.empty()) {
      const std::string margin(indentation_of_entries(), ' ');
      for (const bool skip_comments : {true, false}) {
        std::size_t at = end;
        while (at > begin + 1 && (is_blank(lines_[at - 1]) || (skip_comments && is_comment(lines_[at - 1])))) --at;
        made.push_back(joined(at, margin + entry_ + newline_));
      }
    } else {
      made.push_back(in_place_of_nothing(begin));
    }
    for (const char* between : {", ", " ", ""}) made.push_back(in_flow(begin, end, between));
    return made;
  }

  // The line of the key that follows `services`, or the end.
  std::size_t end_of_block(std::size_t begin) const {
    std::size_t end = lines_.size();
    for (const auto& [key, value] : document_.value.items()) {
      const auto line = static_cast<std::size_t>(spec::line_of(document_, spec::child_pointer("", key))) - 1;
      if (line > begin) end = std::min(end, line);
    }
    return end;
  }

  std::size_t indentation_of_entries() const {
    const Json& services = document_.value["services"];
    const std::string first = services.begin().key();
    const auto line = static_cast<std::size_t>(spec::line_of(document_, spec::child_pointer("/services", first))) - 1;
    return indentation(lines_[line]);
  }

  // `services: {}` or `services:`, a comment behind it kept.
  std::string in_place_of_nothing(std::size_t at) const {
    std::string line = lines_[at];
    const std::size_t braces = line.find("{}");
    if (braces != std::string::npos) line.erase(braces, 2);
    const std::size_t end = line.find_last_not_of(" \t\r\n");
    line = line.substr(0, end + 1) + newline_;
    std::string text;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      text += i == at ? line + "  " + entry_ + newline_ : lines_[i];
    }
    return text;
  }

  // Before the last brace of `services: {…}`.
  std::string in_flow(std::size_t begin, std::size_t end, const std::string& between) const {
    std::string before;
    std::string block;
    std::string after;
    for (std::size_t i = 0; i < lines_.size(); ++i) (i < begin ? before : i < end ? block : after) += lines_[i];
    std::size_t brace = block.rfind('}');
    if (brace == std::string::npos) return {};
    while (brace > 0 && std::string_view(" \t\r\n").find(block[brace - 1]) != std::string_view::npos) --brace;
    return before + block.substr(0, brace) + between + entry_ + block.substr(brace) + after;
  }

  std::string joined(std::size_t at, const std::string& inserted) const {
    std::string text;
    for (std::size_t i = 0; i < lines_.size(); ++i) text += (i == at ? inserted : "") + lines_[i];
    if (at == lines_.size()) text += inserted;
    return text;
  }

  std::vector<std::string> lines_;
  const spec::YamlDocument& document_;
  std::string entry_;
  Json wanted_;
  std::string newline_;
};

// What msctl itself makes of a PostgreSQL server; docs/cluster-file.md.
constexpr const char* postgres_name = "postgres";
constexpr const char* postgres_entry =
    "{command: [\"${dir:bin}/msctl-postgres\", serve, \"${dir:data}\", \"${port:client}\", "
    "\"${dir:state}/postgres\"], ports: {client: 0}, probes: {ready: {tcp: client}}, restart: {policy: always}}";

// `text` with `NAME: ENTRY` behind the last entry of `services`.
base::Result<std::string> add_entry(const std::string& text, const std::string& name, const std::string& entry) {
  TRY(const auto document, spec::parse_yaml(text, file_name));
  TRY(const auto meaning, spec::parse_yaml(entry, file_name));
  if (!document.value.is_object() && !document.value.is_null()) {
    return base::fail(ErrorCode::malformed, std::string(file_name) + " is no map");
  }
  Json wanted = document.value.is_null() ? Json::object() : document.value;
  Json& services = wanted["services"];
  if (services.is_null()) services = Json::object();
  if (!services.is_object()) return base::fail(ErrorCode::malformed, std::string(file_name) + ": services is no map");
  if (services.contains(name)) {
    return base::fail(ErrorCode::conflict, std::string(file_name) + " has a service " + name + " already");
  }
  services[name] = meaning.value;
  const std::string line = name + ": " + entry;
  std::string edited = Edit(text, document, line, std::move(wanted)).result();
  if (!edited.empty()) return edited;
  return base::fail(ErrorCode::conflict, std::string(file_name) +
                                             " is laid out in a way that is not edited by guess; write its services as "
                                             "a block with one line each, so that this one can follow them: " +
                                             line);
}

}  // namespace

base::Result<std::string> add_service(const std::string& text, const std::string& name, const std::string& path) {
  return add_entry(text, name, "{path: " + path + "}");
}

base::Result<std::string> add_postgres(const std::string& text) {
  TRY(const auto before, spec::parse_yaml(text, file_name));
  if (before.value.is_object() && before.value.contains("postgres")) return text;
  const bool is_taken = before.value.is_object() && before.value.contains("services") &&
                        before.value["services"].is_object() && before.value["services"].contains(postgres_name);
  if (is_taken) {
    return base::fail(ErrorCode::conflict, std::string(file_name) +
                                               " has a service postgres but does not say that it is the cluster's "
                                               "PostgreSQL; if it is, add the line: postgres: postgres");
  }
  TRY(const auto with_service, add_entry(text, postgres_name, postgres_entry));
  TRY(const auto document, spec::parse_yaml(with_service, file_name));
  // Above `services`, where the name of the broker stands, too.
  Json wanted = Json::object();
  for (const auto& [key, value] : document.value.items()) {
    if (key == "services") wanted["postgres"] = postgres_name;
    wanted[key] = value;
  }
  const auto at = static_cast<std::size_t>(spec::line_of(document, "/services")) - 1;
  const auto lines = lines_of(with_service);
  const std::string newline = lines[at].ends_with("\r\n") ? "\r\n" : "\n";
  std::string edited;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    edited += (i == at ? "postgres: " + std::string(postgres_name) + newline : "") + lines[i];
  }
  const auto read = spec::parse_yaml(edited, file_name);
  if (read && read.value().value == wanted) return edited;
  return base::fail(ErrorCode::conflict, std::string(file_name) +
                                             " is laid out in a way that is not edited by guess; add PostgreSQL to it "
                                             "by hand (docs/cluster-file.md): postgres: postgres");
}

}  // namespace scaffold
