#pragma once
// Whether a version of a service may go to an environment: every contract between it and what is deployed there must
// have been verified between exactly these two versions, in both directions. From the ledger; offline.

#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/contract/ledger.hpp"

namespace contract {

enum class Standing : std::uint8_t {
  verified,
  failed,        // it was verified, and the contract is broken
  unverified,    // nobody has verified it between these two versions
  not_deployed,  // the provider has no version in that environment
  unrecorded,    // the ledger knows no contracts of a version that is deployed
};

// "verified", "failed", "unverified", "never deployed", "unrecorded".
std::string_view word(Standing standing);

// One contract between the version in question and another service.
struct Check {
  std::string consumer;
  std::string consumer_version;
  std::string provider;
  std::string provider_version;
  Standing standing = Standing::unverified;
  std::string why = {};   // what is known
  std::string next = {};  // what to do, empty when nothing is
};

struct Verdict {
  std::string service;
  std::string version;
  std::string environment;
  bool deployable = false;
  std::string why;  // one sentence
  std::vector<Check> checks;
};

// Errors: those of the ledger.
base::Result<Verdict> can_i_deploy(const Ledger& ledger, const std::string& service, const std::string& version,
                                   const std::string& environment);

// {service, version, environment, deployable, why, contracts: [{consumer, consumer_version, provider, provider_version,
// result, why, next}]}.
base::Json to_json(const Verdict& verdict);

// Fills in `deployable` and `why` from the checks.
void conclude(Verdict& verdict);

}  // namespace contract
