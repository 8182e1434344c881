#pragma once
// What is known of versions, contracts, verifications and deployments, as small files in the repository. Each fact has
// a file of its own, keys are sorted, and what stands already is not written again, so that branches merge without
// conflicts. Reads and writes the disk; one thread.
//
//   contracts/ledger/versions/SERVICE/VERSION.json              the contracts that this version has, by digest
//   contracts/ledger/pacts/CONSUMER-PROVIDER/DIGEST.json        the contract itself
//   contracts/ledger/verifications/CONSUMER-PROVIDER/DIGEST@VERSION.json   what came of it with that provider version
//   contracts/ledger/deployments/ENV/SERVICE.json               which version of the service is in that environment
//
// Digests in names have 16 digits. In names, whatever is no letter, digit, '.', '_' or '-' is written as %XX.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/contract/sources.hpp"

namespace contract {

struct VersionRecord {
  std::string service;
  std::string version;
  std::string at;                            // RFC 3339
  std::map<std::string, std::string> pacts;  // provider to digest
};

struct Verification {
  std::string consumer;
  std::string consumer_version;
  std::string provider;
  std::string provider_version;
  std::string digest;
  bool success = false;
  std::size_t interactions = 0;
  std::vector<std::string> failures;  // "interaction: why"
  std::string at;
};

struct Deployment {
  std::string environment;
  std::string service;
  std::string version;
  std::string at;
};

inline constexpr std::string_view ledger_path = "contracts/ledger";  // beside msctl.yaml

class Ledger {
 public:
  // `root` is the cluster's folder. The ledger need not be there.
  explicit Ledger(std::filesystem::path root) : folder_(std::move(root) / ledger_path) {}

  const std::filesystem::path& folder() const { return folder_; }

  // Errors of all that read: malformed, naming the file and what is wrong in it.
  base::Result<std::optional<VersionRecord>> version(const std::string& service, const std::string& version) const;
  base::Result<std::vector<VersionRecord>> versions(const std::string& service) const;
  base::Result<std::optional<Verification>> verification(const std::string& consumer, const std::string& provider,
                                                         const std::string& digest,
                                                         const std::string& provider_version) const;
  // Of that contract with any version of the provider.
  base::Result<std::vector<Verification>> verifications(const std::string& consumer, const std::string& provider,
                                                        const std::string& digest) const;
  base::Result<std::vector<Deployment>> deployments(const std::string& environment) const;
  std::vector<std::string> environments() const;
  // The contracts of consumers that are deployed somewhere, unless `current` has their digest: for verifying what runs
  // out there together with what is here.
  base::Result<std::vector<Source>> deployed_contracts(const std::vector<Source>& current) const;

  // Errors of all that write: those of files::write.
  base::Result<void> record(const VersionRecord& record) const;
  base::Result<void> record(const Source& contract) const;
  base::Result<void> record(const Verification& verification) const;
  base::Result<void> record(const Deployment& deployment) const;

 private:
  base::Result<void> write(const std::string& path, const base::Json& value) const;
  base::Result<std::optional<base::Json>> read(const std::string& path) const;
  template <class Record>
  base::Result<std::optional<Record>> read_as(const std::string& path,
                                              base::Result<Record> (*convert)(const base::Json&,
                                                                              const std::string&)) const;
  std::vector<std::string> names_in(const std::string& folder) const;

  std::filesystem::path folder_;
};

// A text as it stands in a file's name.
std::string as_file_name(const std::string& text);

}  // namespace contract
