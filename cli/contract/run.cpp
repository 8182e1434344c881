#include "cli/contract/run.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace contract {
namespace {

using base::ErrorCode;
using base::Json;

const base::SystemClock system_clock;

Result unreadable(const BrokenSource& broken) {
  Result result;
  result.source = broken.where;
  result.interaction = broken.where;
  result.outcome = Outcome::unreadable;
  result.why = broken.why;
  return result;
}

Result not_there(const Source& source, const base::pact::Interaction& interaction, const std::string& why) {
  Result result{source.pact.consumer,
                source.pact.provider,
                interaction.description,
                base::pact::describe(interaction.states),
                std::string(base::pact::to_text(interaction.kind)),
                source.where};
  result.outcome = Outcome::unreachable;
  result.why = why;
  return result;
}

std::string plural(std::size_t number, const std::string& what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

}  // namespace

base::Result<Json> read_selector(const std::string& text) {
  if (text.starts_with('{')) {
    auto json = base::parse_json(text);
    if (json && json.value().is_object()) return json;
    return base::fail(ErrorCode::invalid, "--selector: " + (json ? "expected an object" : json.error().message));
  }
  static const std::map<std::string, const char*> flags{{"deployed", "deployed"},
                                                        {"released", "released"},
                                                        {"deployed-or-released", "deployedOrReleased"},
                                                        {"main-branch", "mainBranch"},
                                                        {"matching-branch", "matchingBranch"}};
  if (const auto flag = flags.find(text); flag != flags.end()) return Json{{flag->second, true}};
  const auto equals = text.find('=');
  const std::string key = text.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
  if (!value.empty() && (key == "branch" || key == "environment")) return Json{{key, value}};
  if (!value.empty() && key == "tag") return Json{{"tag", value}, {"latest", true}};
  return base::fail(ErrorCode::invalid,
                    "--selector: expected deployed, released, deployed-or-released, main-branch, matching-branch, "
                    "branch=NAME, environment=NAME, tag=NAME or JSON, got \"" +
                        text + "\"");
}

base::Result<void> TestRun::check_options() const {
  const bool publishes = options_.publish_contracts || options_.publish_results;
  if (publishes && options_.broker.empty()) return base::fail(ErrorCode::invalid, "--publish needs --broker URL");
  if (options_.broker.empty() && (!options_.selectors.empty() || !options_.wip_since.empty())) {
    return base::fail(ErrorCode::invalid, "--selector and --wip-since need --broker URL");
  }
  if (options_.record && !options_.selection.interaction.empty()) {
    return base::fail(ErrorCode::invalid, "--record needs all interactions: leave --interaction away");
  }
  if (options_.publish_results && !options_.selection.interaction.empty()) {
    return base::fail(ErrorCode::invalid, "--publish results needs all interactions: leave --interaction away");
  }
  if (options_.record && world_.cluster == nullptr) {
    return base::fail(ErrorCode::invalid, "--record needs a cluster: the ledger lies beside its msctl.yaml");
  }
  if (!options_.version.empty()) {
    TRY(check_version(options_.version));
  }
  if (!options_.provider_version.empty()) {
    TRY(check_version(options_.provider_version));
  }
  for (const auto* url : {&options_.url, &options_.states_url, &options_.messages_url, &options_.broker}) {
    if (!url->empty()) {
      TRY(parse_url(*url));
    }
  }
  return base::success();
}

base::Result<void> TestRun::find_versions() {
  if (!options_.record && options_.broker.empty()) return base::success();
  std::error_code failed;
  const auto folder = world_.place != nullptr ? world_.place->root : std::filesystem::current_path(failed);
  const auto tree = work_tree(folder);
  if (tree) version_ = tree.value();
  const bool needed = options_.record || options_.publish_contracts || options_.publish_results;
  if (!tree && needed && options_.version.empty()) return tree.error();
  if (!options_.version.empty()) version_.version = options_.version;
  if (!options_.branch.empty()) version_.branch = options_.branch;
  return base::success();
}

std::string TestRun::provider_version() const {
  return options_.provider_version.empty() ? version_.version : options_.provider_version;
}

base::Result<void> TestRun::find_at_broker(Broker& broker) {
  std::set<std::string> providers;
  if (!options_.selection.provider.empty()) {
    providers.insert(options_.selection.provider);
  } else if (world_.cluster != nullptr) {
    for (const auto& [name, service] : world_.cluster->services) providers.insert(name);
  }
  if (providers.empty()) return base::fail(ErrorCode::invalid, "--broker needs --provider NAME outside of a cluster");
  Wanted wanted;
  wanted.branch = version_.branch;
  wanted.wip_since = options_.wip_since;
  for (const auto& text : options_.selectors) {
    TRY(auto selector, read_selector(text));
    wanted.selectors.push_back(std::move(selector));
  }
  for (const auto& provider : providers) {
    wanted.provider = provider;
    TRY(auto found, broker.contracts_for(wanted));
    for (const auto& source : found.pacts) {
      for (const auto& notice : source.notices) world_.say(notice);
    }
    sources_.add(std::move(found));
  }
  return base::success();
}

base::Result<void> TestRun::publish(Broker& broker) {
  Sources local = options_.files.empty() && world_.cluster != nullptr ? of_cluster(*world_.cluster)
                                                                      : of_names(options_.files, world_.web);
  std::map<std::string, std::vector<const Source*>> by_consumer;
  for (const auto& source : local.pacts) {
    if (options_.selection.takes(source.pact)) by_consumer[source.pact.consumer].push_back(&source);
  }
  for (const auto& broken : local.broken) verified_.push_back({nullptr, {unreadable(broken)}});
  const OfVersion of{version_.version, version_.branch, options_.build_url};
  for (const auto& [consumer, contracts] : by_consumer) {
    TRY(const auto notices, broker.publish(consumer, of, contracts));
    notices_.push_back("published " + plural(contracts.size(), "contract") + " of " + consumer + " " + of.version);
    notices_.insert(notices_.end(), notices.begin(), notices.end());
  }
  if (by_consumer.empty()) sources_.searched = local.searched;
  return base::success();
}

base::Result<void> TestRun::find_contracts() {
  if (!options_.broker.empty()) {
    Broker broker(world_.web, options_.broker);
    if (options_.publish_contracts) {
      TRY(publish(broker));
    }
    if (options_.publish_contracts && !options_.publish_results) return base::success();
    return find_at_broker(broker);
  }
  if (!options_.files.empty()) {
    sources_ = of_names(options_.files, world_.web);
    return base::success();
  }
  if (world_.cluster == nullptr) {
    return base::fail(ErrorCode::invalid, "there is no msctl.yaml here or above: name Pact files with --file");
  }
  sources_ = of_cluster(*world_.cluster);
  for (const auto& [name, service] : world_.cluster->services) own_.push_back(name);
  if (options_.record) {
    // What is deployed has to be kept as well.
    TRY(auto deployed, Ledger(world_.cluster->root).deployed_contracts(sources_.pacts));
    std::move(deployed.begin(), deployed.end(), std::back_inserter(sources_.pacts));
  }
  return base::success();
}

std::set<std::string> TestRun::selected_providers() const {
  std::set<std::string> names;
  for (const auto& source : sources_.pacts) {
    const auto& all = source.pact.interactions;
    const bool any =
        std::any_of(all.begin(), all.end(), [&](const auto& one) { return options_.selection.takes(one); });
    if (any && options_.selection.takes(source.pact)) names.insert(source.pact.provider);
  }
  return names;
}

base::Result<void> TestRun::verify_all() {
  for (const auto& broken : sources_.broken) verified_.push_back({nullptr, {unreadable(broken)}});
  const auto names = selected_providers();
  if (names.empty()) return base::success();
  std::unique_ptr<Endpoint> elsewhere;
  std::optional<Providers> here;
  if (!options_.url.empty() || !options_.grpc.empty()) {
    if (names.size() > 1) {
      return base::fail(ErrorCode::invalid,
                        "--url is about one provider, but the contracts have several: choose one "
                        "with --provider");
    }
    EndpointParts parts{*names.begin(), options_.url, options_.grpc, {}, {}, std::chrono::seconds(15)};
    parts.states.url = options_.states_url;
    parts.messages.url = options_.messages_url;
    elsewhere = std::make_unique<Endpoint>(std::move(parts), world_.web, world_.rpc);
  } else if (world_.place == nullptr) {
    return base::fail(ErrorCode::invalid, "there is no msctl.yaml here or above: name the provider with --url");
  } else {
    here.emplace(*world_.place, *world_.cluster, world_.web, world_.rpc);
    TRY(here->prepare(names, options_.providers, world_.cancel, world_.say));
  }
  base::SystemRandom random;
  const VerifyOptions how{random, system_clock, options_.headers};
  for (const auto& source : sources_.pacts) {
    if (!options_.selection.takes(source.pact)) continue;
    Verified verified{&source, {}};
    Provider* const provider = elsewhere ? elsewhere.get() : here->find(source.pact.provider);
    for (const auto& interaction : source.pact.interactions) {
      if (world_.cancel.requested()) return base::fail(ErrorCode::cancelled, "interrupted");
      if (!options_.selection.takes(interaction)) {
        verified.whole = false;
        continue;
      }
      Result result = provider != nullptr ? verify(source.pact, interaction, source.where, *provider, how)
                                          : not_there(source, interaction, here->why_not(source.pact.provider));
      result.pending = result.pending || source.pending;
      verified.results.push_back(std::move(result));
    }
    verified_.push_back(std::move(verified));
  }
  return base::success();
}

// The commit's time, so that two branches that record the same commit write the same.
std::string TestRun::recorded_at() const {
  return version_.at.empty() ? base::to_rfc3339(system_clock.wall()) : version_.at;
}

// Every service whose contracts are all here, so that it is known which it has at this version.
base::Result<void> TestRun::record_versions(const Ledger& ledger) {
  std::map<std::string, VersionRecord> records;
  const std::string now = recorded_at();
  const auto record_of = [&](const std::string& service, const std::string& version) -> VersionRecord& {
    auto& record = records[service];
    if (record.service.empty()) record = {service, version, now, {}};
    return record;
  };
  for (const auto& name : own_) (void)record_of(name, version_.version);
  for (const auto& verified : verified_) {
    if (verified.source == nullptr || !own_.empty()) continue;
    (void)record_of(verified.source->pact.provider, provider_version());
  }
  for (const auto& source : sources_.pacts) {
    if (!source.consumer_version.empty()) continue;  // known already
    record_of(source.pact.consumer, version_.version).pacts[source.pact.provider] = source.digest;
    if (!options_.selection.takes(source.pact)) continue;
    TRY(ledger.record(source));
  }
  const Selection& chosen = options_.selection;
  const bool all = chosen.consumer.empty() && chosen.provider.empty() && chosen.service.empty();
  std::set<std::string> parties;
  for (const auto& verified : verified_) {
    if (verified.source == nullptr) continue;
    parties.insert({verified.source->pact.consumer, verified.source->pact.provider});
  }
  for (const auto& [name, record] : records) {
    if (!all && !parties.contains(name)) continue;
    TRY(ledger.record(record));
  }
  if (!options_.provider_version.empty() && options_.provider_version != version_.version) {
    for (const auto& name : selected_providers()) {
      TRY(const auto known, ledger.version(name, options_.provider_version));
      if (!known) {
        TRY(ledger.record(VersionRecord{name, options_.provider_version, now, {}}));
      }
    }
  }
  return base::success();
}

base::Result<void> TestRun::record() {
  const Ledger ledger(world_.cluster->root);
  TRY(record_versions(ledger));
  std::size_t count = 0;
  for (const auto& verified : verified_) {
    if (verified.source == nullptr || !verified.whole || verified.results.empty()) continue;
    const auto silent = [](const Result& result) { return result.outcome == Outcome::unreachable; };
    if (std::any_of(verified.results.begin(), verified.results.end(), silent)) continue;  // nothing is known
    const Source& source = *verified.source;
    Verification one;
    one.consumer = source.pact.consumer;
    one.consumer_version = source.consumer_version.empty() ? version_.version : source.consumer_version;
    one.provider = source.pact.provider;
    one.provider_version = provider_version();
    one.digest = source.digest;
    one.interactions = verified.results.size();
    one.success = true;
    for (const auto& result : verified.results) {
      if (result.outcome == Outcome::passed || result.pending) continue;  // pending: known not to be kept yet
      one.success = false;
      one.failures.push_back(result.interaction + ": " + result.why);
    }
    one.at = recorded_at();
    TRY(ledger.record(one));
    ++count;
  }
  std::string line = "recorded " + plural(count, "verification") + " of version " + version_.version + " in " +
                     ledger.folder().lexically_relative(world_.cluster->root).string();
  if (version_.version.ends_with("-dirty")) line += "; the work tree has changes: commit them before you deploy this";
  notices_.push_back(std::move(line));
  return base::success();
}

base::Result<void> TestRun::send_results(Broker& broker) {
  const OfVersion of{provider_version(), version_.branch, options_.build_url};
  std::size_t count = 0;
  for (const auto& verified : verified_) {
    if (verified.source == nullptr || verified.results.empty()) continue;
    const auto silent = [](const Result& result) { return result.outcome == Outcome::unreachable; };
    if (std::any_of(verified.results.begin(), verified.results.end(), silent)) continue;
    TRY(broker.send_results(*verified.source, of, verified.results));
    ++count;
  }
  notices_.push_back("published " + plural(count, "verification result") + " of version " + of.version);
  return base::success();
}

base::Result<void> TestRun::run() {
  TRY(check_options());
  TRY(find_versions());
  TRY(find_contracts());
  TRY(verify_all());
  if (options_.record) {
    TRY(record());
  }
  if (options_.publish_results) {
    Broker broker(world_.web, options_.broker);
    TRY(send_results(broker));
  }
  return base::success();
}

std::vector<Result> TestRun::results() const {
  std::vector<Result> all;
  for (const auto& verified : verified_) all.insert(all.end(), verified.results.begin(), verified.results.end());
  return all;
}

std::size_t TestRun::found() const {
  std::size_t count = 0;
  for (const auto& source : sources_.pacts) count += source.pact.interactions.size();
  return count;
}

}  // namespace contract
