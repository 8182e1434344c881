#include <memory>
#include <optional>

#include "cli/files/lock.hpp"
#include "cli/scaffold/naming.hpp"
#include "cli/scaffold/sources.hpp"
#include "cli/verbs/scaffold_view.hpp"

namespace cli {
namespace {

namespace fs = std::filesystem;

struct InitOptions {
  std::vector<std::string> folders;
  std::string name;
  std::string template_name = "workspace";
  std::vector<std::string> settings;
  WriteOptions write;
};

base::Result<scaffold::Draft> draft(const InitOptions& options, const fs::path& folder, const std::string& name,
                                    std::optional<files::Lock>& lock) {
  if (!options.write.dry_run) {
    TRY(lock, files::Lock::take(folder));
  }
  TRY(const auto made, scaffold::find_template(options.template_name, folder, fs::current_path()));
  std::vector<scaffold::Template> with;
  for (const auto& service : made.with) {
    TRY(auto one, scaffold::find_template(service, folder, fs::current_path()));
    with.push_back(std::move(one));
  }
  scaffold::Values values;
  TRY(add_settings(values, options.settings));
  ask_for_missing(made, values, options.write);
  return scaffold::draft_workspace(folder, made, with, name, values);
}

int init(const InitOptions& options) {
  if (options.folders.size() > 1) {
    return report(base::fail(base::ErrorCode::invalid, "init takes one folder; give one, or none for this one"));
  }
  const std::string given = options.folders.empty() ? "." : options.folders.front();
  std::error_code failed;
  const fs::path folder = fs::weakly_canonical(fs::current_path() / given, failed);
  if (failed) return report(base::fail(base::ErrorCode::invalid, given + ": " + failed.message()));
  const std::string name = options.name.empty() ? scaffold::as_label(folder.filename().string()) : options.name;
  if (name.empty()) {
    return report(base::fail(base::ErrorCode::invalid, "no name for the cluster can be made of \"" +
                                                           folder.filename().string() + "\"; give --name"));
  }
  std::optional<files::Lock> lock;
  auto made = draft(options, folder, name, lock);
  if (!made) return report(made.error());
  if (!options.folders.empty() && given != ".") made.value().next.insert(made.value().next.begin(), "cd " + given);
  return carry_out(made.value(), options.write, "workspace " + name);
}

}  // namespace

void add_init(Verbs& verbs) {
  auto options = std::make_shared<InitOptions>();
  verbs.add("init", "Make a workspace: a cluster with a gateway and a broker, and a build for services")
      .operands("DIR", options->folders, "Folder, new or empty. Default: this one")
      .option("--name", options->name, "NAME", "Name of the cluster. Default: the folder's name")
      .option("--template", options->template_name, "TEMPLATE", "Template. Default: workspace")
      .option("--set", options->settings, "KEY=VALUE", "A parameter of the template; may be repeated")
      .flag("--dry-run", options->write.dry_run, "Only show what would be written")
      .flag("-y,--yes", options->write.yes, "Ask nothing")
      .output(options->write.format)
      .footer(
          "A folder that is not empty is refused. The template's parameters and how to make one: docs/scaffolding.md\n"
          "Examples:\n  msctl init my-shop\n  msctl init --dry-run")
      .run([options] { return init(*options); });
}

}  // namespace cli
