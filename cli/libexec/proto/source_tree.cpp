#include "cli/libexec/proto/source_tree.hpp"

#include <fstream>

#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

namespace proto {
namespace {

namespace fs = std::filesystem;

// A stream over a text that it owns.
class OwnedText final : public google::protobuf::io::ZeroCopyInputStream {
 public:
  explicit OwnedText(std::string text)
      : text_(std::move(text)), stream_(text_.data(), static_cast<int>(text_.size())) {}
  bool Next(const void** data, int* size) override { return stream_.Next(data, size); }
  void BackUp(int count) override { stream_.BackUp(count); }
  bool Skip(int count) override { return stream_.Skip(count); }
  std::int64_t ByteCount() const override { return stream_.ByteCount(); }

 private:
  std::string text_;
  google::protobuf::io::ArrayInputStream stream_;
};

bool leaves_the_root(const fs::path& name) {
  if (name.is_absolute()) return true;
  for (const auto& part : name) {
    if (part == "..") return true;
  }
  return false;
}

base::Result<std::string> read_bounded(const fs::path& path) {
  std::error_code failed;
  if (!fs::is_regular_file(path, failed)) return base::fail(base::ErrorCode::not_found, "is no file");
  if (const auto size = fs::file_size(path, failed); failed || size > max_source_bytes) {
    return base::fail(base::ErrorCode::too_large,
                      "is larger than " + std::to_string(max_source_bytes / 1024) + " KiB, the most that is read");
  }
  std::ifstream in(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in) return base::fail(base::ErrorCode::permission, "cannot be read");
  return text;
}

}  // namespace

SourceTree::SourceTree(const Sources& sources) : sources_(sources), roots_(sources.roots) {
  if (roots_.empty() && sources.root_files.empty()) roots_.emplace_back(".");
}

base::Result<std::string> SourceTree::text_of(const std::string& name) const {
  if (const auto found = sources_.root_files.find(name); found != sources_.root_files.end()) {
    if (found->second.size() > max_source_bytes) {
      return base::fail(base::ErrorCode::too_large,
                        "is larger than " + std::to_string(max_source_bytes / 1024) + " KiB, the most that is read");
    }
    return found->second;
  }
  if (leaves_the_root(name)) return base::fail(base::ErrorCode::not_found, "is a path that leaves its root");
  for (const auto& root : roots_) {
    std::error_code failed;
    if (fs::exists(root / name, failed)) return read_bounded(root / name);
  }
  return base::fail(base::ErrorCode::not_found, "is not there");
}

google::protobuf::io::ZeroCopyInputStream* SourceTree::Open(const std::string& name) {
  failed_ = name;
  if (++opened_ > max_files) {
    problem_ = "imports more than " + std::to_string(max_files) + " files";
    return nullptr;
  }
  auto text = text_of(name);
  if (text && nests_deeper_than(text.value(), max_nesting)) {
    text = base::fail(base::ErrorCode::malformed, "nests deeper than " + std::to_string(max_nesting) + " levels");
  }
  if (!text) {
    problem_ = text.error().message;
    return nullptr;
  }
  return new OwnedText(std::move(text).value());
}

std::string SourceTree::import_path(const std::string& file) const {
  if (sources_.root_files.contains(file)) return file;
  std::error_code failed;
  for (const auto& root : roots_) {
    if (!leaves_the_root(file) && fs::exists(root / file, failed)) return fs::path(file).lexically_normal().string();
  }
  const auto whole = fs::weakly_canonical(file, failed);
  if (failed || !fs::exists(whole, failed)) return file;
  for (const auto& root : roots_) {
    const auto below = whole.lexically_relative(fs::weakly_canonical(root, failed));
    if (!failed && !below.empty() && !leaves_the_root(below)) return below.string();
  }
  return file;
}

void Problems::keep(std::string line) {
  if (first_) return;
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  if (line.size() > 500) line.replace(500, std::string::npos, "…");
  first_ = std::move(line);
}

void Problems::AddError(const std::string& file, int line, int column, const std::string& message) {
  const auto unreadable = tree_ != nullptr && line < 0 ? tree_->problem_of(file) : std::string();
  if (!unreadable.empty()) {
    if (!unreadable_) unreadable_ = file + " " + unreadable;
    return;
  }
  std::string where = file;
  if (line >= 0) where += ":" + std::to_string(line + 1) + ":" + std::to_string(column + 1);
  if (unreadable_ && message.starts_with("Import \"" + unreadable_->substr(0, unreadable_->find(' ')) + "\"")) {
    const auto space = unreadable_->find(' ');
    return keep(where + ": imports " + unreadable_->substr(0, space) + ", which" + unreadable_->substr(space));
  }
  keep(where + ": " + message);
}

void Problems::AddError(const std::string& file, const std::string& element,
                        const google::protobuf::Message* /*descriptor*/, ErrorLocation /*location*/,
                        const std::string& message) {
  keep(file + ": " + (element == file || element.empty() ? "" : element + ": ") + message);
}

bool nests_deeper_than(std::string_view text, int limit) {
  int depth = 0;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != '\0') {
      if (c == '\\') {
        ++i;
      } else if (c == quote || c == '\n') {
        quote = '\0';
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '/' && text.substr(i, 2) == "//") {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '/' && text.substr(i, 2) == "/*") {
      const auto end = text.find("*/", i + 2);
      i = end == std::string_view::npos ? text.size() : end + 1;
    } else if (c == '{' || c == '[' || c == '<' || c == '(') {
      if (++depth > limit) return true;
    } else if ((c == '}' || c == ']' || c == '>' || c == ')') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace proto
