#pragma once
// New services, new workspaces and updates of both, from what was asked to what is to be written. Nothing is written
// here but by write_draft() and write_update().

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/files/files.hpp"
#include "cli/scaffold/answers.hpp"
#include "cli/scaffold/update.hpp"
#include "cli/scaffold/variables.hpp"
#include "supervisor/spec/cluster.hpp"

namespace scaffold {

// What is to be written below `root`, all or nothing.
struct Draft {
  std::filesystem::path root;
  files::Tree tree;
  std::vector<files::Step> steps;
  std::vector<std::string> notes = {};  // what the user should know of it, a sentence each
  std::vector<std::string> next;        // commands to go on with
  std::filesystem::path cluster;        // msctl.yaml, to be read again at the end
};

struct ServiceRequest {
  std::string name;
  Values given;
  std::vector<std::string> taken;  // names that a service must not have beside those of services: commands
};

// Errors: invalid (name, answers), conflict (something is there already, msctl.yaml cannot be edited), those of the
// template.
base::Result<Draft> draft_service(const spec::Cluster& cluster, const Template& made, const ServiceRequest& request);

// `with`: the templates that `made.with` names, in that order. Errors: as above, and conflict when the folder is not
// empty, with what is in it.
base::Result<Draft> draft_workspace(const std::filesystem::path& folder, const Template& made,
                                    const std::vector<Template>& with, const std::string& name, const Values& given);

// Writes it and reads the cluster; when that fails, takes everything back. Errors: those of files::write and of
// spec::load_cluster.
base::Result<void> write_draft(const Draft& draft);

// One set of generated files with its answers: a service or the workspace itself.
struct Generated {
  std::string label;  // name of the service, or `workspace`
  std::string path;   // of the answers file, from the root
  Answers answers;
};

// In the order of labels, the workspace first. Errors: malformed.
base::Result<std::vector<Generated>> find_generated(const std::filesystem::path& root);

struct Update {
  std::string label;
  std::string from_version;
  std::string to_version;
  UpdatePlan plan;  // with the answers file in `write`
};

// `made` is the template as it is now; `given` are answers that it asks for anew. Errors: those of the template.
base::Result<Update> plan_update_of(const spec::Cluster& cluster, const Generated& generated, const Template& made,
                                    const Values& given);

base::Result<void> write_updates(const std::filesystem::path& root, const std::vector<Update>& updates);

}  // namespace scaffold
