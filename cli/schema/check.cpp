#include "cli/schema/check.hpp"

#include <algorithm>
#include <set>

#include "cli/affected/history.hpp"
#include "cli/schema/shape.hpp"
#include "supervisor/spec/suggest.hpp"

namespace schema {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using base::Json;

bool is_transitive(Mode mode) {
  return mode == Mode::backward_transitive || mode == Mode::forward_transitive || mode == Mode::full_transitive;
}
bool is_backward(Mode mode) { return mode != Mode::none && mode != Mode::forward && mode != Mode::forward_transitive; }
bool is_forward(Mode mode) { return mode != Mode::none && mode != Mode::backward && mode != Mode::backward_transitive; }

std::string v(int number) { return "v" + std::to_string(number); }

// The file as it was there; one that moved with its service, or to another, is the same promise.
std::map<std::string, std::string>::const_iterator published_as(const std::map<std::string, std::string>& before,
                                                                const std::string& file) {
  const auto same = before.find(file);
  if (same != before.end()) return same;
  const auto name = fs::path(file).filename();
  return std::find_if(before.begin(), before.end(),
                      [&name](const auto& each) { return fs::path(each.first).filename() == name; });
}

class Check {
 public:
  explicit Check(Outcome& outcome) : outcome_(outcome) {}

  base::Result<void> versions(const Event& event) {
    for (const auto& [writer, reader] : pairs_of(event)) {
      TRY(const auto list, differences(writer->schema, reader->schema, event.policy));
      const auto& file = writer->number > reader->number ? writer->file : reader->file;
      const auto why = "a consumer that knows " + v(reader->number) + " cannot read events of " + v(writer->number);
      add(event, file, list, why, writer->number > reader->number);
    }
    return base::success();
  }

  // Against the same version in git.
  base::Result<void> published(const Event& event, const std::map<std::string, std::string>& before) {
    if (event.mode == Mode::none) return base::success();
    for (const auto& version : event.versions) {
      const auto found = published_as(before, version.file);
      if (found == before.end()) continue;
      const auto was = base::parse_json(found->second);
      if (!was || !was.value().is_object()) continue;  // what could not be read then was no promise
      if (without_annotations(was.value()) == without_annotations(version.schema)) continue;
      const std::size_t first = outcome_.findings.size();
      TRY(const auto backward, differences(was.value(), version.schema, event.policy));
      TRY(const auto forward, differences(version.schema, was.value(), event.policy));
      if (is_backward(event.mode))
        add(event, version.file, backward, "events that are in streams already cannot be read with it", false);
      if (is_forward(event.mode))
        add(event, version.file, forward, "consumers that are running cannot read new events", true);
      if (outcome_.findings.size() == first) {
        const auto newest = event.versions.back().number + 1;
        outcome_.findings.push_back({event.type, event.service, "PUBLISHED_SCHEMA_CHANGED", version.file, "", "",
                                     v(version.number) + " is published and must not change; put it back and add " +
                                         event.type + "." + v(newest) + ".schema.json",
                                     event.consumers});
      }
    }
    return base::success();
  }

 private:
  void add(const Event& event, const std::string& file, const std::vector<Difference>& list, const std::string& why,
           bool reversed) {
    for (const auto& difference : list) {
      if (is_compatible(difference.rule, event.policy)) continue;
      // Seen from the earlier version to the later, a reader that is older sees the opposite.
      const auto what =
          reversed ? "as the older one sees it, " + sentence_of(difference.rule) : sentence_of(difference.rule);
      outcome_.findings.push_back({event.type, event.service, difference.rule, file, field_of(difference.pointer),
                                   difference.pointer, what + ": " + why, event.consumers});
    }
  }

  Outcome& outcome_;
};

base::Result<std::set<std::string>> meant(const spec::Cluster& cluster, const Catalogue& catalogue,
                                          const std::vector<std::string>& names) {
  std::set<std::string> known;
  for (const auto& event : catalogue.events) known.insert(event.type);
  for (const auto& fault : catalogue.faults) known.insert(fault.event);
  for (const auto& [name, service] : cluster.services) known.insert(name);
  for (const auto& name : names) {
    if (known.contains(name)) continue;
    const auto near = spec::nearest(name, {known.begin(), known.end()});
    return base::fail(ErrorCode::not_found, "there is no event or service \"" + name + "\"" +
                                                (near.empty() ? "" : "; did you mean " + near + "?"));
  }
  return std::set<std::string>(names.begin(), names.end());
}

base::Result<std::map<std::string, std::string>> schemas_at(const spec::Cluster& cluster, const std::string& rev) {
  TRY(const auto difference, affected::difference(cluster.root, rev, ""));
  return affected::files_below(difference, cluster.root, [](const std::string& path) {
    return fs::path(path).parent_path().filename() == events_folder &&
           parse_name(fs::path(path).filename().string()).has_value();
  });
}

// `now`: the names of the files that there are, in whatever folder.
base::Result<void> find_deleted(const spec::Cluster& cluster, const std::map<std::string, std::string>& before,
                                const std::set<std::string>& now, const std::set<std::string>& wanted,
                                Outcome& outcome) {
  for (const auto& [path, text] : before) {
    const auto name = fs::path(path).filename().string();
    std::error_code failed;
    if (now.contains(name) || fs::exists(cluster.root / path, failed)) continue;
    const auto type = parse_name(name)->type;
    Finding finding{type,
                    "",
                    "PUBLISHED_SCHEMA_DELETED",
                    path,
                    "",
                    "",
                    "the schema was published, and streams are replayed; put it back",
                    consumers_of(cluster, type)};
    spec::Service owner;  // of one that is gone only the cluster's own compatibility.yaml counts
    owner.home = cluster.root;
    for (const auto& [service_name, service] : cluster.services) {
      if (service.home == cluster.root / fs::path(path).parent_path().parent_path()) owner = service;
    }
    finding.service = owner.name;
    TRY(const auto preferences, api::read_preferences(cluster, owner));
    TRY(const auto mode, mode_for(preferences, type));
    if (mode != Mode::none && (wanted.empty() || wanted.contains(type) || wanted.contains(finding.service)))
      outcome.findings.push_back(std::move(finding));
  }
  return base::success();
}

}  // namespace

std::vector<std::pair<const Version*, const Version*>> pairs_of(const Event& event) {
  std::vector<std::pair<const Version*, const Version*>> pairs;
  for (std::size_t later = 1; later < event.versions.size(); ++later) {
    for (std::size_t i = 0; i < later; ++i) {
      const std::size_t earlier = later - 1 - i;
      if (i > 0 && !is_transitive(event.mode)) break;
      if (is_backward(event.mode)) pairs.emplace_back(&event.versions[earlier], &event.versions[later]);
      if (is_forward(event.mode)) pairs.emplace_back(&event.versions[later], &event.versions[earlier]);
    }
  }
  return pairs;
}

base::Result<Catalogue> catalogue_of(const spec::Cluster& cluster, const std::vector<std::string>& names) {
  TRY(auto catalogue, read_catalogue(cluster));
  TRY(const auto wanted, meant(cluster, catalogue, names));
  if (wanted.empty()) return catalogue;
  std::erase_if(catalogue.events,
                [&](const Event& event) { return !wanted.contains(event.type) && !wanted.contains(event.service); });
  std::erase_if(catalogue.faults,
                [&](const Fault& fault) { return !wanted.contains(fault.event) && !wanted.contains(fault.service); });
  return catalogue;
}

base::Result<Outcome> check(const spec::Cluster& cluster, const std::vector<std::string>& names,
                            const std::string& rev) {
  TRY(auto catalogue, read_catalogue(cluster));
  TRY(const auto wanted, meant(cluster, catalogue, names));
  std::map<std::string, std::string> before;
  if (!rev.empty()) {
    TRY(before, schemas_at(cluster, rev));
  }
  std::set<std::string> names_now;  // of files
  for (const auto& event : catalogue.events) {
    for (const auto& version : event.versions) names_now.insert(fs::path(version.file).filename().string());
  }
  Outcome outcome;
  for (auto& fault : catalogue.faults) {
    if (!wanted.empty() && !wanted.contains(fault.service) && !wanted.contains(fault.event)) continue;
    outcome.findings.push_back(
        {fault.event, fault.service, fault.rule, fault.file, "", "", fault.message, fault.consumers});
  }
  Check run(outcome);
  for (auto& event : catalogue.events) {
    if (!wanted.empty() && !wanted.contains(event.service) && !wanted.contains(event.type)) continue;
    TRY(run.versions(event));
    TRY(run.published(event, before));
    outcome.events.push_back(std::move(event));
  }
  TRY(find_deleted(cluster, before, names_now, wanted, outcome));
  return outcome;
}

}  // namespace schema
