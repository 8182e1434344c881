#include "cli/contract/sources.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "base/pact/file.hpp"
#include "base/sha256.hpp"
#include "supervisor/spec/mock.hpp"

namespace contract {
namespace {

namespace fs = std::filesystem;
using base::Json;

// Relative to where the user is, when that is shorter.
std::string shown(const fs::path& path) {
  std::error_code failed;
  const fs::path here = fs::current_path(failed);
  if (failed) return path.string();
  const fs::path near = path.lexically_relative(here);
  return near.empty() || near.string().starts_with("../..") ? path.string() : near.string();
}

void read_file(const fs::path& path, Sources& into) {
  const std::string where = shown(path);
  std::error_code failed;
  const auto size = fs::file_size(path, failed);
  if (failed) return into.broken.push_back({where, "cannot be read: " + failed.message()});
  if (size > base::pact::max_file_bytes) return into.broken.push_back({where, "is too large for a Pact file"});
  std::ifstream in(path, std::ios::binary);
  if (!in) return into.broken.push_back({where, "cannot be opened"});
  auto source = read_source(std::string(std::istreambuf_iterator<char>(in), {}), where);
  if (!source) return into.broken.push_back({where, source.error().message});
  into.pacts.push_back(std::move(source).value());
}

void read_folder(const fs::path& folder, Sources& into) {
  into.searched.push_back(shown(folder) + "/*.json");
  std::vector<fs::path> files;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    if (at->path().extension() == ".json" && at->is_regular_file(failed)) files.push_back(at->path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) read_file(file, into);
}

void read_url(const std::string& url, Web& web, Sources& into) {
  into.searched.push_back(url);
  const auto answer = web.send("GET", url, {});
  if (!answer) return into.broken.push_back({url, answer.error().message});
  if (answer.value().status != 200) {
    return into.broken.push_back({url, "answered with HTTP status " + std::to_string(answer.value().status)});
  }
  auto source = read_source(answer.value().body, url);
  if (!source) return into.broken.push_back({url, source.error().message});
  into.pacts.push_back(std::move(source).value());
}

bool is_url(const std::string& name) { return name.starts_with("http://") || name.starts_with("https://"); }

}  // namespace

void Sources::add(Sources other) {
  std::move(other.pacts.begin(), other.pacts.end(), std::back_inserter(pacts));
  std::move(other.broken.begin(), other.broken.end(), std::back_inserter(broken));
  std::move(other.searched.begin(), other.searched.end(), std::back_inserter(searched));
}

std::string digest_of(const Json& document) {
  nlohmann::json kept = nlohmann::json::object();
  for (const char* key : {"interactions", "messages"}) {
    const auto found = document.find(key);
    if (found == document.end() || !found->is_array()) continue;
    std::vector<std::string> texts;
    for (const Json& one : *found)
      texts.push_back(nlohmann::json(one).dump());  // keys sorted, so that two writers agree
    std::sort(texts.begin(), texts.end());
    kept[key] = texts;
  }
  return base::sha256(kept.dump());
}

base::Result<Source> read_source(const std::string& text, const std::string& where) {
  TRY(auto document, base::pact::parse_pact(text, where));
  return to_source(std::move(document), where);
}

base::Result<Source> to_source(Json document, const std::string& where) {
  Source source;
  source.where = where;
  TRY(source.pact, base::pact::to_pact(document, where));
  source.digest = digest_of(document);
  source.document = std::move(document);
  return source;
}

Sources of_cluster(const spec::Cluster& cluster) {
  Sources sources;
  for (const auto& folder : spec::contract_folders(cluster)) read_folder(folder, sources);
  return sources;
}

Sources of_names(const std::vector<std::string>& names, Web& web) {
  Sources sources;
  for (const auto& name : names) {
    std::error_code failed;
    if (is_url(name)) {
      read_url(name, web, sources);
    } else if (fs::is_directory(name, failed)) {
      read_folder(fs::absolute(name).lexically_normal(), sources);
    } else {
      sources.searched.push_back(name);
      read_file(fs::absolute(name).lexically_normal(), sources);
    }
  }
  return sources;
}

}  // namespace contract
