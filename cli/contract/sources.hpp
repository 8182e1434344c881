#pragma once
// Where contracts are: Pact files of the cluster's services, files and folders by name, URLs. Reads the disk and the
// network; one thread.

#include <string>
#include <vector>

#include "base/pact/model.hpp"
#include "cli/contract/web.hpp"
#include "supervisor/spec/cluster.hpp"

namespace contract {

// One Pact file.
struct Source {
  std::string where;  // as a user would name it: a path or a URL
  base::pact::Pact pact;
  base::Json document;                // as it was read
  std::string digest;                 // see digest_of
  std::string consumer_version = {};  // where a broker or a ledger knows it
  std::string results_url = {};       // where a broker takes the result
  bool pending = false;               // a broker says that failing is no failure yet
  std::vector<std::string> notices = {};
};

struct BrokenSource {
  std::string where;
  std::string why;
};

struct Sources {
  std::vector<Source> pacts;
  std::vector<BrokenSource> broken;
  std::vector<std::string> searched;  // places that were looked at, for when nothing was there

  void add(Sources other);
};

// SHA-256 of what the pair agreed on: the same for the same interactions, in whatever order and written by whom.
std::string digest_of(const base::Json& document);

// Errors: malformed, with what is wrong.
base::Result<Source> read_source(const std::string& text, const std::string& where);
// The same of a document that is parsed already.
base::Result<Source> to_source(base::Json document, const std::string& where);

// `contracts/pacts/*.json` in the folder of every service of the cluster, and of the cluster itself.
Sources of_cluster(const spec::Cluster& cluster);
// Files, folders of such files, and http(s) URLs.
Sources of_names(const std::vector<std::string>& names, Web& web);

}  // namespace contract
