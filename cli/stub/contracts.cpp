#include "cli/stub/contracts.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/pact/file.hpp"

namespace stub {

namespace fs = std::filesystem;

namespace {

void read(const fs::path& path, const std::string& provider, Contracts& into) {
  std::error_code failed;
  if (const auto size = fs::file_size(path, failed); failed || size > base::pact::max_file_bytes) {
    into.broken.push_back(path.string() + ": cannot be read, or is larger than 32 MiB");
    return;
  }
  std::ifstream file(path, std::ios::binary);
  auto pact = base::pact::read_pact(std::string(std::istreambuf_iterator<char>(file), {}), path.string());
  if (!pact) {
    into.broken.push_back(pact.error().message);
  } else if (pact.value().provider == provider) {
    into.pacts.push_back(std::move(pact).value());
  }
}

}  // namespace

std::size_t Contracts::interactions() const {
  std::size_t count = 0;
  for (const auto& pact : pacts) count += pact.interactions.size();
  return count;
}

Contracts find_contracts(const std::string& provider, const std::vector<fs::path>& folders) {
  Contracts found;
  for (const auto& folder : folders) {
    found.searched.push_back(folder.string());
    std::vector<fs::path> files;
    std::error_code failed;
    for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
      if (at->path().extension() == ".json" && at->is_regular_file(failed)) files.push_back(at->path());
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) read(file, provider, found);
  }
  return found;
}

std::string why_none(const std::string& provider, const Contracts& contracts) {
  std::string text = "no contract names " + provider + " as its provider; looked in:";
  for (const auto& folder : contracts.searched) text += "\n  " + folder + "/*.json";
  for (const auto& broken : contracts.broken) text += "\n  " + broken;
  return text + "\nThe tests of its consumers write them: docs/contracts.md";
}

}  // namespace stub
