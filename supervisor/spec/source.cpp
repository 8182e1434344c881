#include "supervisor/spec/source.hpp"

#include <algorithm>
#include <fstream>

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

base::Result<SourceFile> read_source(const std::filesystem::path& path, const std::string& name) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return base::fail(ErrorCode::not_found, name + ": no such file");
  if (!std::filesystem::is_regular_file(status)) return base::fail(ErrorCode::malformed, name + ": not a file");
  std::ifstream stream(path, std::ios::binary);
  std::string text(max_yaml_bytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.is_open() || stream.bad()) return base::fail(ErrorCode::permission, name + ": cannot be read");
  text.resize(static_cast<std::size_t>(stream.gcount()));
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
  if (!full()) lines_.push_back(std::move(error.message));
}

base::Error Problems::error() const {
  std::string text;
  for (const std::string& line : lines_) text += (text.empty() ? "" : "\n") + line;
  return base::fail(ErrorCode::malformed, text);
}

void ServiceSource::report(Problems& problems, const std::string& pointer, const std::string& message) const {
  const std::string in_cluster = child_pointer("/services", name) + pointer;
  const bool is_own = own && !cluster->document.lines.contains(in_cluster) && own->document.lines.contains(pointer);
  problems.add(is_own ? *own : *cluster, is_own ? pointer : in_cluster, message);
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
