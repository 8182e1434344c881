// Pattern 21. In a copy of the workspace, a file of a service is changed, then its published proto, then a page of
// documentation: `affected` names exactly the services that the dependency graph says. The pipelines that are rendered
// there are gated by it.

#include <fnmatch.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "cli/verify/patterns/patterns.hpp"
#include "cli/verify/services.hpp"
#include "cli/verify/workspace.hpp"

namespace verify::pipelines {
namespace {

namespace fs = std::filesystem;
using base::Json;
using Names = std::set<std::string>;

base::Error wrong(const std::string& what) { return base::fail(base::ErrorCode::invalid, what); }

std::string words_of(const Names& names) {
  return names.empty() ? "no service" : in_words({names.begin(), names.end()});
}

// A change of one file, and the services that have to be built anew by it, or may be.
struct Change {
  std::string path;  // relative to the workspace
  Names expected;
  Names allowed = {};

  bool fits(const Names& names) const {
    const auto may_be = [this](const std::string& name) { return expected.contains(name) || allowed.contains(name); };
    return std::includes(names.begin(), names.end(), expected.begin(), expected.end()) &&
           std::all_of(names.begin(), names.end(), may_be);
  }
};

// Services that are built here from a folder of the workspace.
std::vector<const spec::Service*> built(const spec::Cluster& cluster) {
  std::vector<const spec::Service*> found;
  for (const auto& [name, service] : cluster.services) {
    const auto home = service.home.lexically_relative(cluster.root);
    const bool is_inside = !home.empty() && *home.begin() != ".." && home != ".";
    if (service.build && !service.build->inputs.empty() && is_inside) found.push_back(&service);
  }
  return found;
}

// Whether a source below the folder includes or imports something of that other one.
bool uses(const fs::path& home, const std::string& folder) {
  static const std::set<std::string> kinds{".cpp", ".cc", ".hpp", ".h", ".proto", ".py"};
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(home, ignored)) {
    if (!kinds.contains(entry.path().extension().string()) || !entry.is_regular_file(ignored)) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(in), {});
    if (text.find(folder + "/") != std::string::npos) return true;
  }
  return false;
}

// Whoever calls it is built from its messages. Who hears of its events may be, when its sources say so, or go by the
// events' schemas alone.
Change change_of_proto(const spec::Cluster& cluster, const spec::Service& of, const std::string& proto) {
  const auto folder = of.home.lexically_relative(cluster.root) / "proto";
  Change change{(folder / proto).string(), {of.name}};
  const auto is_heard = [&of](const std::string& type) {
    return std::find(of.publishes.begin(), of.publishes.end(), type) != of.publishes.end();
  };
  for (const auto* service : built(cluster)) {
    const auto& consumes = service->consumes;
    const bool hears = std::any_of(consumes.begin(), consumes.end(), is_heard);
    const bool calls = std::any_of(service->calls.begin(), service->calls.end(),
                                   [&of](const auto& call) { return call.service == of.name; });
    if (calls || (hears && uses(service->home, folder.string()))) change.expected.insert(service->name);
    if (hears) change.allowed.insert(service->name);
  }
  return change;
}

std::string first_proto(const fs::path& folder) {
  std::set<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".proto") names.insert(entry.path().filename().string());
  }
  return names.empty() ? std::string() : *names.begin();
}

std::vector<Change> changes(const spec::Cluster& cluster) {
  std::vector<Change> list;
  for (const auto* service : built(cluster)) {
    const auto home = service->home.lexically_relative(cluster.root);
    list.push_back({(home / "main.cpp").string(), {service->name}});
    const std::string proto = first_proto(service->home / "proto");
    if (!proto.empty()) list.push_back(change_of_proto(cluster, *service, proto));
  }
  list.push_back({"docs/msctl-verify.md", {}});
  return list;
}

base::Result<Names> affected(World& world, const Copy& copy) {
  TRY(const auto output,
      run_msctl(world, {"affected", "--base", "HEAD", "--for", "build", "--names", "--output", "json"}, copy));
  if (output.exit_code != 0) return wrong("msctl affected: " + output.err.substr(0, output.err.find('\n')));
  TRY(const auto list, base::parse_json(output.out));
  Names names;
  for (const auto& name : list) names.insert(name.get<std::string>());
  return names;
}

// One more line at the end; the file as it was before, or nothing when there was none.
class Changed {
 public:
  explicit Changed(fs::path path) : path_(std::move(path)) {
    std::ifstream in(path_, std::ios::binary);
    was_there_ = in.is_open();
    before_.assign(std::istreambuf_iterator<char>(in), {});
    std::error_code ignored;
    fs::create_directories(path_.parent_path(), ignored);
    std::ofstream(path_, std::ios::binary) << before_ << "\n// msctl verify\n";
  }
  ~Changed() {
    std::error_code ignored;
    if (was_there_) {
      std::ofstream(path_, std::ios::binary) << before_;
    } else {
      fs::remove(path_, ignored);
    }
  }
  Changed(const Changed&) = delete;

 private:
  fs::path path_;
  bool was_there_ = false;
  std::string before_;
};

base::Result<std::string> try_changes(World& world, const Copy& copy) {
  std::size_t tried = 0;
  std::string example;
  for (const auto& change : changes(world.cluster())) {
    const Changed changed(copy.folder / change.path);
    TRY(const auto names, affected(world, copy));
    if (!change.fits(names)) {
      return wrong("a change of " + change.path + " affects " + words_of(names) + ", and should affect " +
                   words_of(change.expected));
    }
    if (names.size() > 1 && example.empty()) example = change.path + " affects " + words_of(names);
    ++tried;
  }
  return std::to_string(tried) + " files changed one by one in a copy of the workspace: each time `affected` named " +
         "exactly the services that the graph and the includes say" + (example.empty() ? "" : " (" + example + ")") +
         ".";
}

bool has_text(const Json& value, const std::string& text) {
  return base::dump_json(value).find(text) != std::string::npos;
}

// Actions that are not pinned to a commit.
void collect_unpinned(const Json& value, std::vector<std::string>& found) {
  if (value.is_object() && value.contains("uses") && value.at("uses").is_string()) {
    const auto uses = value.at("uses").get<std::string>();
    const auto at = uses.rfind('@');
    const bool is_commit = at != std::string::npos && uses.size() - at - 1 == 40;
    if (!is_commit) found.push_back(uses);
  }
  if (!value.is_structured()) return;
  for (const auto& part : value) collect_unpinned(part, found);
}

base::Result<void> github_is_gated(const Json& workflow) {
  const Json jobs = workflow.value("jobs", Json::object());
  if (workflow.contains("on") && has_text(workflow.at("on"), "\"paths\"")) {
    return wrong("GitHub's workflow has a filter of paths, so a required check waits for ever");
  }
  for (const char* job : {"affected", "test", "done"}) {
    if (!jobs.contains(job)) return wrong("GitHub's workflow has no job " + std::string(job));
  }
  if (!has_text(jobs.at("affected"), "msctl affected") || !has_text(jobs.at("test").value("if", Json()), "affected")) {
    return wrong("GitHub's job test is not gated by msctl affected");
  }
  if (text_of(jobs.at("done"), "if") != "always()") return wrong("GitHub's job done does not always run");
  std::vector<std::string> unpinned;
  collect_unpinned(jobs, unpinned);
  if (!unpinned.empty()) return wrong("GitHub's workflow uses " + unpinned.front() + ", which is pinned to no commit");
  return base::success();
}

// Whose job test runs when this file changes, by the paths of GitLab's rules.
Names gitlab_runs(const Json& pipeline, const std::string& path) {
  Names names;
  for (const auto& [job, value] : pipeline.items()) {
    if (job.rfind("test:", 0) != 0 || !value.is_object()) continue;
    const Json rules = value.value("rules", Json::array());
    const bool runs = std::any_of(rules.begin(), rules.end(), [&](const Json& rule) {
      const Json paths = rule.value("changes", Json::object()).value("paths", Json::array());
      return std::any_of(paths.begin(), paths.end(), [&](const Json& pattern) {
        return ::fnmatch(pattern.get<std::string>().c_str(), path.c_str(), 0) == 0;
      });
    });
    if (runs) names.insert(job.substr(5));
  }
  return names;
}

base::Result<void> gitlab_is_gated(const Json& pipeline, const spec::Cluster& cluster) {
  for (const auto& change : changes(cluster)) {
    const auto names = gitlab_runs(pipeline, change.path);
    // A consumer's contract tests may run as well; builds that are not needed may not.
    for (const auto& name : change.expected) {
      if (!names.contains(name))
        return wrong("GitLab's pipeline does not test " + name + " when " + change.path + " changes");
    }
    if (change.expected.empty() && !names.empty()) {
      return wrong("GitLab's pipeline tests " + words_of(names) + " when " + change.path + " changes");
    }
  }
  if (!has_text(pipeline, "compare_to")) return wrong("GitLab's rules compare with no branch");
  return base::success();
}

base::Result<fs::path> only_file(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".yml") return entry.path();
  }
  return wrong("no pipeline was rendered below " + folder.filename().string());
}

base::Result<std::string> render(World& world, const Copy& copy) {
  TRY(write_environment(world, copy));
  const fs::path out = copy.folder / "msctl-verify-out";
  TRY(const auto output, run_msctl(world,
                                   {"deploy", "--env", environment_name, "--target", "ci-github,ci-gitlab", "--out",
                                    out.string(), "--output", "json"},
                                   copy));
  if (output.exit_code != 0) return wrong("msctl deploy --target ci: " + output.err.substr(0, output.err.find('\n')));
  TRY(const auto github, only_file(out / ".github"));
  TRY(const auto workflow, read_document(github));
  TRY(github_is_gated(workflow));
  TRY(const auto gitlab, only_file(out / ".gitlab"));
  TRY(const auto pipeline, read_document(gitlab));
  TRY(gitlab_is_gated(pipeline, world.cluster()));
  return std::string(
      "The pipelines rendered there for GitHub (gated by `affected`, one job that always runs, actions "
      "pinned) and GitLab (gated by paths) test the same services.");
}

}  // namespace

base::Result<Finding> look(World& world) {
  if (built(world.cluster()).empty()) {
    return absent("No service of this cluster is built from a folder of this workspace (`build.inputs`).");
  }
  TRY(const auto folder, world.scratch());
  const auto copied = copy_repository(world, folder / "workspace");
  if (!copied && copied.error().code == base::ErrorCode::unsupported) {
    return skipped("The workspace cannot be copied as a repository: " + copied.error().message + ".");
  }
  TRY(const auto copy, copied);
  TRY(const auto tried, try_changes(world, copy));
  TRY(const auto rendered, render(world, copy));
  return passed(tried + " " + rendered + " Not tried: running them.");
}

}  // namespace verify::pipelines
