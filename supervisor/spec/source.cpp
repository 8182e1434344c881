#include "supervisor/spec/source.hpp"

#include <algorithm>
#include <array>
#include <fstream>

#include "supervisor/spec/layers.hpp"

namespace spec {
namespace {

using base::ErrorCode;

bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
  });
}

std::string unescaped(std::string_view token) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const bool escape = token[i] == '~' && i + 1 < token.size();
    text += !escape ? token[i] : token[++i] == '1' ? '/' : '~';
  }
  return text;
}

}  // namespace

base::Result<std::string> read_text(const std::filesystem::path& path, const std::string& shown,
                                    std::size_t max_bytes) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return base::fail(ErrorCode::not_found, shown + ": no such file");
  if (!std::filesystem::is_regular_file(status)) return base::fail(ErrorCode::malformed, shown + ": not a file");
  std::ifstream stream(path, std::ios::binary);
  if (!stream.is_open()) return base::fail(ErrorCode::permission, shown + ": cannot be read");
  std::string text;
  std::array<char, 16384> part{};
  while (stream.read(part.data(), part.size()), stream.gcount() > 0) {
    text.append(part.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > max_bytes) {
      return base::fail(ErrorCode::malformed, shown + ": larger than " + std::to_string(max_bytes / 1024) + " KiB");
    }
  }
  if (stream.bad()) return base::fail(ErrorCode::permission, shown + ": cannot be read");
  return text;
}

base::Result<SourceFile> read_source(const std::filesystem::path& path, const std::string& name) {
  TRY(const std::string text, read_text(path, name, max_yaml_bytes));
  TRY(YamlDocument document, parse_yaml(text, name));
  return SourceFile{name, std::move(document)};
}

void Problems::add(const SourceFile& file, const std::string& pointer, const std::string& message) {
  add(file, Violation{pointer, pointer, message});
}

void Problems::add(const SourceFile& file, const Violation& violation) {
  const int line = line_of(file.document, violation.pointer);
  const std::string subject = show_pointer(violation.subject);
  add(base::fail(ErrorCode::malformed, file.name + ":" + std::to_string(line) + ": " + subject +
                                           (subject.empty() ? "" : ": ") + violation.message));
}

void Problems::add(base::Error error) {
  // An env file of many services has its mistake once.
  const bool is_known = std::find(lines_.begin(), lines_.end(), error.message) != lines_.end();
  if (!full() && !is_known) lines_.push_back(std::move(error.message));
}

base::Error Problems::error() const {
  std::string text;
  for (const std::string& line : lines_) text += (text.empty() ? "" : "\n") + line;
  return base::fail(ErrorCode::malformed, text);
}

std::pair<const SourceFile*, std::string> ServiceSource::origin(const std::string& pointer) const {
  const std::string in_cluster = child_pointer("/services", name) + pointer;
  const bool is_own = own && !cluster->has(in_cluster) && own->document.lines.contains(pointer);
  if (is_own) return {&*own, pointer};
  return {&cluster->owner(in_cluster), in_cluster};
}

void ServiceSource::report(Problems& problems, const std::string& pointer, const std::string& message) const {
  const auto [file, at] = origin(pointer);
  problems.add(*file, at, message);
}

std::string location(const SourceFile& file, const std::string& pointer) {
  const std::string path = show_pointer(pointer);
  return file.name + ":" + std::to_string(line_of(file.document, pointer)) + (path.empty() ? "" : ": " + path);
}

std::string shown_path(const std::filesystem::path& file, const std::filesystem::path& root) {
  std::string text = file.lexically_normal().string();
  if (std::string near = file.lexically_normal().lexically_relative(root).string();
      !near.empty() && near.substr(0, 2) != "..") {
    text = std::move(near);
  }
  const bool is_printable =
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= ' ' && c != 0x7f; });
  return is_printable ? text : shown(base::Json(text));
}

std::string show_pointer(std::string_view pointer) {
  std::string path;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(token.size());
    const bool is_index = !path.empty() && token.find_first_not_of("0123456789") == std::string_view::npos;
    const std::string text = is_plain(token) ? std::string(token) : shown(base::Json(unescaped(token)));
    if (is_index && !token.empty()) {
      path += "[" + text + "]";
    } else {
      path += (path.empty() ? "" : ".") + text;
    }
  }
  return path;
}

}  // namespace spec
