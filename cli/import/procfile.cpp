#include <algorithm>
#include <map>

#include "cli/import/imported.hpp"
#include "cli/import/words.hpp"

namespace cli {
namespace {

using base::Json;

base::Error mistake_in(const std::string& file, int line, const std::string& what) {
  return base::fail(base::ErrorCode::malformed, file + ":" + std::to_string(line) + ": " + what);
}

std::string_view trimmed_line(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

bool is_variable(std::string_view text) {
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && (text.front() < '0' || text.front() > '9') && std::all_of(text.begin(), text.end(), is_part);
}

bool uses_port(const std::string& line) {
  for (std::size_t at = line.find("$PORT"); at != std::string::npos; at = line.find("$PORT", at + 1)) {
    if (at + 5 == line.size() || !is_variable(line.substr(at + 5, 1))) return true;
  }
  return line.find("${PORT}") != std::string::npos || line.find("${PORT:-") != std::string::npos;
}

class Procfile {
 public:
  Procfile(std::string file, bool has_env) : file_(std::move(file)), has_env_(has_env) {}

  base::Result<Imported> read(std::string_view text) {
    imported_.cluster = {{"services", Json::object()}};
    for (int number = 1; !text.empty(); ++number) {
      const std::string_view whole = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(whole.size() + 1, text.size()));
      const std::string_view line = trimmed_line(whole);
      if (line.empty() || line.front() == '#') continue;
      TRY(add(std::string(line), number));
    }
    if (names_.empty()) return mistake_in(file_, 1, "expected lines of the form NAME: COMMAND");
    return std::move(imported_);
  }

 private:
  base::Result<void> add(const std::string& line, int number) {
    const std::size_t colon = line.find(':');
    const std::string name = line.substr(0, colon);
    const bool is_name = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return is_variable({&c, 1}) || c == '-' || (c >= '0' && c <= '9');
    });
    const std::string command = colon == std::string::npos ? "" : std::string(trimmed_line(line.substr(colon + 1)));
    if (!is_name || command.empty()) return mistake_in(file_, number, "expected NAME: COMMAND");
    if (const auto [first, is_new] = names_.emplace(label(name), number); !is_new) {
      return mistake_in(file_, number,
                        name + " occurs twice, first in line " + std::to_string(first->second) +
                            (first->first == name ? "" : " (names of services are of a-z, 0-9 and -)"));
    }
    if (label(name) != name) note(label(name), "was " + name + "; names of services are of a-z, 0-9 and -");
    return put(label(name), command, number);
  }

  base::Result<void> put(const std::string& name, const std::string& line, int number) {
    auto words = split_words(line);
    if (!words) return mistake_in(file_, number, name + ": a quote is not closed");
    Json service = Json::object();
    if (needs_shell(line)) {
      service["command"] = {"sh", "-c", literal(line)};
      note(name, "runs through sh -c, since its line needs a shell");
    } else {
      std::size_t first = 0;  // word of the program; before it stand variables
      for (; first < words->size(); ++first) {
        const std::string& word = (*words)[first];
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos || !is_variable(word.substr(0, equals))) break;
        service["env"][word.substr(0, equals)] = literal(word.substr(equals + 1));
      }
      if (first == words->size()) return mistake_in(file_, number, name + ": expected a command after the variables");
      for (std::size_t i = first; i < words->size(); ++i) service["command"].push_back(literal((*words)[i]));
    }
    if (has_env_) service["env_files"] = {".env"};
    if (uses_port(line)) {
      service["ports"] = {{"http", 0}};
      service["env"]["PORT"] = "${port:http}";
      note(name, "gets a free port as PORT; give it a fixed one as ports: {http: NUMBER}");
    }
    imported_.cluster["services"][name] = std::move(service);
    return base::success();
  }

  void note(const std::string& service, const std::string& what) { imported_.notes.push_back(service + ": " + what); }

  std::string file_;
  bool has_env_;
  std::map<std::string, int> names_;
  Imported imported_;
};

}  // namespace

base::Result<Imported> import_procfile(std::string_view text, const std::string& file, bool has_env) {
  return Procfile(file, has_env).read(text);
}

}  // namespace cli
