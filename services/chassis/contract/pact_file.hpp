#pragma once
// The Pact file of one pair, as the tests of its consumer make it: services/CONSUMER/contracts/pacts/
// CONSUMER-PROVIDER.json. It is written only when asked for (MSCTL_WRITE_PACTS=1 in the environment, or `make
// contracts`); else it must be what would be written, byte for byte.

#include <filesystem>
#include <string>

#include "base/pact/file.hpp"
#include "base/result.hpp"

namespace chassis::contract {

class PactFile {
 public:
  // `folder` holds the consumer's contracts, and `pacts` below it.
  PactFile(std::filesystem::path folder, std::string consumer, std::string provider);

  // Takes over interactions that a test declared and its consumer exercised. Errors: conflict, when another test says
  // something else by the same description and states.
  base::Result<void> add(const base::pact::Pact& exercised);

  // Writes or compares. Descriptors of protobuf messages alone make no difference: a field that the provider adds
  // leaves its consumers' files as they are. Errors: conflict, with the first line that differs and how to update the
  // file; unavailable when it cannot be written.
  base::Result<void> finish(bool write) const;

  std::filesystem::path path() const;

  // Whether the environment asks for files to be written.
  static bool writing();

 private:
  std::filesystem::path folder_;
  base::pact::Pact pact_;
};

}  // namespace chassis::contract
