#pragma once
// A Pact Broker by its HTTP API (https://github.com/pact-foundation/pact_broker), or one that speaks like it. Only the
// address is known beforehand: everything else is found by the links in its answers (HAL). Blocking; one thread.
//
// Errors of all: unavailable and timeout (nobody answers), permission (it wants another token), not_found, invalid with
// what the broker says, unsupported when it is too old for what is asked.

#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/contract/can_i_deploy.hpp"
#include "cli/contract/results.hpp"
#include "cli/contract/sources.hpp"
#include "cli/contract/web.hpp"

namespace contract {

// Which contracts of a provider are wanted.
struct Wanted {
  std::string provider;
  base::Json selectors = base::Json::array();  // consumer version selectors; empty: the broker's own choice
  std::string branch = {};                     // of the provider version, decides what is pending
  bool pending = true;
  std::string wip_since = {};  // a date; empty: no work in progress
};

// The version that a result or a contract is of.
struct OfVersion {
  std::string version;
  std::string branch = {};
  std::string build_url = {};
};

class Broker {
 public:
  // `web` is lent. `url` is where the broker's index is.
  Broker(Web& web, std::string url) : web_(web), url_(std::move(url)) {}

  // All contracts of one consumer at once. Returns what the broker has to say.
  base::Result<std::vector<std::string>> publish(const std::string& consumer, const OfVersion& of,
                                                 const std::vector<const Source*>& contracts);
  base::Result<Sources> contracts_for(const Wanted& wanted);
  // `results` are those of this contract.
  base::Result<void> send_results(const Source& contract, const OfVersion& of, const std::vector<Result>& results);
  base::Result<Verdict> can_i_deploy(const std::string& service, const std::string& version,
                                     const std::string& environment);
  base::Result<void> record_deployment(const std::string& service, const std::string& version,
                                       const std::string& environment);

 private:
  using Json = base::Json;
  using Values = std::vector<std::pair<std::string, std::string>>;

  base::Result<Json> ask(const std::string& method, const std::string& url, const Json* body = nullptr);
  // The link of that name in the index, with {…} filled in.
  base::Result<std::string> link(const std::string& relation, const Values& values = {});
  base::Result<std::vector<std::string>> deployed_in(const std::string& environment);

  Web& web_;
  std::string url_;
  Json index_;
};

// The template of RFC 6570, level 1: {name} becomes the escaped value.
std::string expand(const std::string& url, const std::vector<std::pair<std::string, std::string>>& values);

}  // namespace contract
