#pragma once
// One run of `msctl contract-test`: contracts found, providers found or started, everything verified, and what came of
// it told to the ledger and to a broker. Blocking; one thread, but for the Cancel.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/contract/broker.hpp"
#include "cli/contract/ledger.hpp"
#include "cli/contract/providers.hpp"
#include "cli/contract/version.hpp"

namespace contract {

struct TestOptions {
  Selection selection;
  std::vector<std::string> files;  // Pact files, folders of them, URLs; empty: those of the cluster
  base::http::Headers headers;     // sent where an interaction has no header of that name

  // A provider that is no service of the cluster, or runs elsewhere.
  std::string url;
  std::string grpc;
  std::string states_url;
  std::string messages_url;
  ProvidersOptions providers;

  bool record = false;           // into the ledger
  std::string version;           // of consumers and providers; empty: git's
  std::string provider_version;  // of providers, where that is another one
  std::string branch;            // empty: git's
  std::string build_url;

  std::string broker;                  // URL; empty: none
  std::vector<std::string> selectors;  // of consumer versions: deployed, branch=main, {"mainBranch": true} …
  std::string wip_since;
  bool publish_contracts = false;
  bool publish_results = false;
};

// The contracts of one file and what came of those that were selected.
struct Verified {
  const Source* source = nullptr;  // null: the file could not be read
  std::vector<Result> results;
  bool whole = true;  // every interaction of the file was verified
};

struct World {
  const cli::Place* place = nullptr;  // null: there is no cluster here
  const spec::Cluster* cluster = nullptr;
  Web& web;
  RpcTool& rpc;
  const cli::Cancel& cancel;
  std::function<void(const std::string& line)> say;  // progress, for people
};

class TestRun {
 public:
  // Both are lent.
  TestRun(const TestOptions& options, const World& world) : options_(options), world_(world) {}

  // Errors: invalid (options that do not go together), cancelled, not_found (no version can be told), those of the
  // broker and of the ledger. Contracts that are broken are no error.
  base::Result<void> run();

  std::vector<Result> results() const;
  // Places that were looked at, when there was nothing.
  const std::vector<std::string>& searched() const { return sources_.searched; }
  std::size_t found() const;  // interactions in all files, selected or not
  // What was recorded and published, a line each.
  const std::vector<std::string>& notices() const { return notices_; }

 private:
  base::Result<void> check_options() const;
  base::Result<void> find_versions();
  base::Result<void> find_contracts();
  base::Result<void> find_at_broker(Broker& broker);
  base::Result<void> publish(Broker& broker);
  base::Result<void> verify_all();
  base::Result<void> record();
  base::Result<void> record_versions(const Ledger& ledger);
  base::Result<void> send_results(Broker& broker);
  std::set<std::string> selected_providers() const;
  std::string provider_version() const;
  std::string recorded_at() const;

  const TestOptions& options_;
  const World& world_;
  Sources sources_;
  std::vector<std::string> own_;  // services of which the sources have all contracts
  std::vector<Verified> verified_;
  WorkTree version_;
  std::vector<std::string> notices_;
};

// `deployed`, `main-branch`, `branch=NAME`, `environment=NAME`, `tag=NAME`, or JSON as the broker takes it. Errors:
// invalid.
base::Result<base::Json> read_selector(const std::string& text);

}  // namespace contract
