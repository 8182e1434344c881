#include "cli/contract/can_i_deploy.hpp"

#include <algorithm>
#include <map>

namespace contract {
namespace {

std::string next_verification(const Check& check, const std::string& ours) {
  const std::string selected = " --consumer " + check.consumer + " --provider " + check.provider;
  if (check.provider == ours) return "msctl contract-test" + selected + " --record";
  // The provider's deployed version is elsewhere: its own sources, or where it runs.
  return "with " + check.provider + " " + check.provider_version + " running: msctl contract-test" + selected +
         " --url URL --provider-version " + check.provider_version + " --record";
}

base::Result<void> judge(const Ledger& ledger, const std::string& ours, const std::string& digest, Check& check) {
  TRY(const auto found, ledger.verification(check.consumer, check.provider, digest, check.provider_version));
  if (found && found->success) {
    check.standing = Standing::verified;
    check.why = std::to_string(found->interactions) + (found->interactions == 1 ? " interaction" : " interactions") +
                ", " + found->at;
    return base::success();
  }
  if (found) {
    check.standing = Standing::failed;
    check.why = found->failures.empty() ? "broken on " + found->at : found->failures.front();
    check.next = "make the provider keep the contract, or change what the consumer asks; then: " +
                 next_verification(check, ours);
    return base::success();
  }
  TRY(const auto others, ledger.verifications(check.consumer, check.provider, digest));
  check.standing = Standing::unverified;
  check.why = others.empty() ? "nobody has verified this contract"
                             : "this contract was verified with " + others.back().provider_version + ", not with " +
                                   check.provider_version;
  check.next = next_verification(check, ours);
  return base::success();
}

using Deployed = std::map<std::string, std::string>;  // service to version

// What the version asks of others.
base::Result<void> as_consumer(const Ledger& ledger, const VersionRecord& record, const Deployed& deployed,
                               Verdict& verdict) {
  for (const auto& [provider, digest] : record.pacts) {
    if (provider == record.service) continue;
    Check check{record.service, record.version, provider, {}};
    if (const auto there = deployed.find(provider); there != deployed.end()) {
      check.provider_version = there->second;
      TRY(judge(ledger, record.service, digest, check));
    } else {
      check.standing = Standing::not_deployed;
      check.why = provider + " has no version in " + verdict.environment;
      check.next = "deploy " + provider + " first, and tell: msctl can-i-deploy " + provider +
                   " --version VERSION --to " + verdict.environment + " --record-deployment";
    }
    verdict.checks.push_back(std::move(check));
  }
  return base::success();
}

// What others that are there ask of it.
base::Result<void> as_provider(const Ledger& ledger, const Deployed& deployed, Verdict& verdict) {
  for (const auto& [consumer, version] : deployed) {
    if (consumer == verdict.service) continue;
    Check check{consumer, version, verdict.service, verdict.version};
    TRY(const auto record, ledger.version(consumer, version));
    if (!record) {
      check.standing = Standing::unrecorded;
      check.why = "the ledger knows no contracts of " + consumer + " " + version;
      check.next = "at that version: msctl contract-test --consumer " + consumer + " --record";
      verdict.checks.push_back(std::move(check));
      continue;
    }
    const auto asked = record->pacts.find(verdict.service);
    if (asked == record->pacts.end()) continue;
    TRY(judge(ledger, verdict.service, asked->second, check));
    verdict.checks.push_back(std::move(check));
  }
  return base::success();
}

}  // namespace

std::string_view word(Standing standing) {
  switch (standing) {
    case Standing::verified:
      return "verified";
    case Standing::failed:
      return "failed";
    case Standing::unverified:
      return "unverified";
    case Standing::not_deployed:
      return "never deployed";
    case Standing::unrecorded:
      return "unrecorded";
  }
  return "";
}

void conclude(Verdict& verdict) {
  std::map<Standing, int> counts;
  for (const auto& check : verdict.checks) ++counts[check.standing];
  const int bad = static_cast<int>(verdict.checks.size()) - counts[Standing::verified];
  verdict.deployable = bad == 0;
  const std::string what = verdict.service + " " + verdict.version;
  if (verdict.deployable) {
    verdict.why = verdict.checks.empty()
                      ? what + " has no contract with anything in " + verdict.environment
                      : "all contracts of " + what + " with what is in " + verdict.environment + " are verified";
    return;
  }
  std::string parts;
  for (const auto& [standing, count] : counts) {
    if (standing == Standing::verified || count == 0) continue;
    parts += (parts.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(word(standing));
  }
  verdict.why = "of the contracts of " + what + " with what is in " + verdict.environment + ": " + parts;
}

base::Result<Verdict> can_i_deploy(const Ledger& ledger, const std::string& service, const std::string& version,
                                   const std::string& environment) {
  Verdict verdict{service, version, environment, false, {}, {}};
  TRY(const auto record, ledger.version(service, version));
  if (!record) {
    TRY(const auto known, ledger.versions(service));
    verdict.why = "the ledger does not know " + service + " " + version + "; record it: msctl contract-test --record" +
                  (known.empty() ? "" : "; the newest that it knows is " + known.back().version);
    return verdict;
  }
  TRY(const auto deployments, ledger.deployments(environment));
  Deployed deployed;
  for (const auto& one : deployments) deployed[one.service] = one.version;
  TRY(as_consumer(ledger, *record, deployed, verdict));
  TRY(as_provider(ledger, deployed, verdict));
  conclude(verdict);
  return verdict;
}

base::Json to_json(const Verdict& verdict) {
  base::Json checks = base::Json::array();
  for (const auto& check : verdict.checks) {
    checks.push_back({{"consumer", check.consumer},
                      {"consumer_version", check.consumer_version},
                      {"provider", check.provider},
                      {"provider_version", check.provider_version},
                      {"result", word(check.standing)},
                      {"why", check.why},
                      {"next", check.next}});
  }
  return {{"service", verdict.service},       {"version", verdict.version}, {"environment", verdict.environment},
          {"deployable", verdict.deployable}, {"why", verdict.why},         {"contracts", checks}};
}

}  // namespace contract
