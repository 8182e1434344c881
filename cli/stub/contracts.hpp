#pragma once
// The contracts of which a service is the provider, for the stub that `msctl up --mock` runs in its place.

#include <filesystem>
#include <string>
#include <vector>

#include "base/pact/model.hpp"

namespace stub {

struct Contracts {
  std::vector<base::pact::Pact> pacts = {};  // only those of the provider, in the order of their files' names
  std::vector<std::string> searched = {};    // folders
  std::vector<std::string> broken = {};      // a sentence for each file that cannot be read

  std::size_t interactions() const;
};

// Every *.json in the folders whose provider is this one. A folder that is not there is no error.
Contracts find_contracts(const std::string& provider, const std::vector<std::filesystem::path>& folders);

// Why there is nothing to answer: "no contract names user-service as its provider; looked in: …".
std::string why_none(const std::string& provider, const Contracts& contracts);

}  // namespace stub
