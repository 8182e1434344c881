#include "services/chassis/contract/pact_file.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

namespace chassis::contract {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

base::Result<void> write(const fs::path& path, const std::string& text) {
  std::error_code failed;
  fs::create_directories(path.parent_path(), failed);
  // Beside it and renamed, so that nobody ever reads half a file.
  auto beside = path;
  beside += ".new";
  std::ofstream file(beside, std::ios::binary);
  file << text;
  file.close();
  if (file) fs::rename(beside, path, failed);
  if (!file || failed) return base::fail(base::ErrorCode::unavailable, "cannot write " + path.string());
  return base::success();
}

std::string first_difference(const std::string& have, const std::string& want) {
  std::istringstream a(have);
  std::istringstream b(want);
  std::string left;
  std::string right;
  for (int line = 1;; ++line) {
    const bool more_left = static_cast<bool>(std::getline(a, left));
    const bool more_right = static_cast<bool>(std::getline(b, right));
    if (!more_left && !more_right) return "it differs";
    if (more_left && more_right && left == right) continue;
    return "line " + std::to_string(line) + " is `" + (more_left ? left.substr(0, 120) : "the end") +
           "`, the tests say `" + (more_right ? right.substr(0, 120) : "the end") + "`";
  }
}

// What the consumer says, without the descriptors: they change with each change of the provider's proto file, also
// where the consumer neither asks for what is new nor has been built against it.
base::Json without_descriptors(const std::string& text) {
  auto parsed = base::parse_json(text);
  if (!parsed || !parsed.value().is_object()) return nullptr;
  auto document = std::move(parsed).value();
  for (auto& one : document["interactions"]) {
    if (one.is_object() && one.contains("pluginConfiguration"))
      one["pluginConfiguration"]["protobuf"].erase("descriptorKey");
  }
  for (auto& plugin : document["metadata"]["plugins"]) {
    if (plugin.is_object()) plugin.erase("configuration");
  }
  return document;
}

}  // namespace

PactFile::PactFile(fs::path folder, std::string consumer, std::string provider) : folder_(std::move(folder)) {
  pact_.consumer = std::move(consumer);
  pact_.provider = std::move(provider);
  pact_.metadata["msctl"] = {{"version", "1"}};  // of how the file is written, so that a release alone changes none
}

base::Result<void> PactFile::add(const base::pact::Pact& exercised) {
  TRY(base::pact::merge(pact_, exercised));
  for (const auto& plugin : exercised.metadata.value("plugins", base::Json::array())) {
    auto& plugins = pact_.metadata["plugins"];
    if (plugins.is_null()) {
      plugins = base::Json::array({plugin});
    } else {
      for (const auto& [key, value] : plugin["configuration"].items()) plugins[0]["configuration"][key] = value;
    }
  }
  return base::success();
}

fs::path PactFile::path() const {
  return (folder_ / "pacts" / (pact_.consumer + "-" + pact_.provider + ".json")).lexically_normal();
}

bool PactFile::writing() {
  const char* asked = std::getenv("MSCTL_WRITE_PACTS");
  return asked != nullptr && std::string(asked) == "1";
}

base::Result<void> PactFile::finish(bool write_it) const {
  TRY(const auto text, base::pact::write_pact(pact_));
  const auto have = read(path());
  if (have == text || (!have.empty() && without_descriptors(have) == without_descriptors(text))) return base::success();
  if (write_it) return write(path(), text);
  return base::fail(
      base::ErrorCode::conflict,
      path().string() + (have.empty() ? " is missing" : " is not what the tests say: " + first_difference(have, text)) +
          "\nRun the test with MSCTL_WRITE_PACTS=1 (or `make contracts`) to update it, and commit the file");
}

}  // namespace chassis::contract
