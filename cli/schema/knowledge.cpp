#include "cli/schema/knowledge.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <tuple>

namespace schema {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view call = "msctl_consumes(";
constexpr std::size_t most_bytes = 1 << 20;
constexpr std::size_t before_files = 2;  // target and namespace

std::string without_comments(std::string_view cmake) {
  std::string text;
  bool is_comment = false;
  for (const char c : cmake) {
    is_comment = c != '\n' && (is_comment || c == '#');
    if (!is_comment) text += c;
  }
  return text;
}

std::vector<std::string> words_of(std::string_view arguments) {
  std::vector<std::string> words(1);
  for (const char c : arguments) {
    if (c == '"') continue;
    const bool is_space = c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ';';
    if (!is_space) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

std::string text_of(const fs::path& file) {
  std::error_code failed;
  if (!fs::is_regular_file(file, failed) || fs::file_size(file, failed) > most_bytes || failed) return {};
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<fs::path> copies_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    files.push_back(at->path());
  }
  return files;
}

}  // namespace

std::vector<std::string> consumed_files(std::string_view cmake) {
  std::vector<std::string> files;
  const auto text = without_comments(cmake);
  for (auto at = text.find(call); at != text.npos; at = text.find(call, at)) {
    at += call.size();
    const auto words = words_of(std::string_view(text).substr(at, text.find(')', at) - at));
    if (words.size() <= before_files) files.emplace_back(consumes_folder);
    for (auto i = before_files; i < words.size(); ++i) files.push_back(words[i]);
  }
  return files;
}

bool compiles_events(std::string_view cmake) {
  return without_comments(cmake).find("msctl_events(") != std::string::npos;
}

bool compiles_events(const spec::Service& service) { return compiles_events(text_of(service.home / "CMakeLists.txt")); }

std::vector<Known> known_by(const spec::Cluster& cluster, const spec::Service& service) {
  if (service.home == cluster.root) return {};
  std::vector<fs::path> files;
  for (const auto& file : consumed_files(text_of(service.home / "CMakeLists.txt"))) {
    if (file != consumes_folder) files.push_back(fs::path(service.home / file).lexically_normal());
  }
  // Without such a call, too: services in other languages may keep copies there.
  if (files.empty()) files = copies_in(service.home / consumes_folder);
  std::vector<Known> known;
  for (auto& file : files) {
    auto name = parse_name(file.filename().string());
    if (!name) continue;
    if (file.string().find("${") != std::string::npos) file.clear();
    known.push_back({std::move(*name), std::move(file)});
  }
  std::sort(known.begin(), known.end(), [](const Known& a, const Known& b) {
    return std::tie(a.name.type, a.name.number) < std::tie(b.name.type, b.name.number);
  });
  return known;
}

}  // namespace schema
