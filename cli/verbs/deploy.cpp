#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <set>

#include "cli/files/files.hpp"
#include "cli/files/lock.hpp"
#include "cli/render/checks.hpp"
#include "cli/render/ledger.hpp"
#include "cli/render/model.hpp"
#include "cli/render/targets.hpp"
#include "cli/session/place.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"
#include "cli/terminal/table.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;

struct DeployOptions {
  PlaceOptions place;
  std::vector<std::string> targets;
  std::vector<std::string> services;
  std::string environment;
  std::string out;
  render::Overrides overrides;
  bool check = false;
  bool diff = false;
  bool dry_run = false;
  bool force = false;
  Format format = Format::table;
};

// Everything that is known before the first byte is written.
struct Deployment {
  std::optional<files::Lock> lock;  // when it is going to write
  fs::path out;
  std::string environment;
  std::vector<render::Target> targets;
  render::Rendered rendered;
  render::Plan plan;
  std::vector<std::string> notes;
};

base::Result<void> check_objects(const render::Rendered& rendered, const base::Json& model, bool whole) {
  const auto broken = render::cross_check(rendered.objects, model, whole);
  if (broken.empty()) return base::success();
  std::string text = "the rendered files contradict each other, so nothing was written:";
  for (const auto& one : broken) text += "\n" + one.path + ": " + one.message + " [" + one.rule + "]";
  return base::fail(ErrorCode::invalid, text);
}

base::Result<Deployment> prepare(const DeployOptions& options) {
  PlaceOptions written = options.place;
  written.no_project = true;
  TRY(const auto place, find_place(written));
  Deployment deployment;
  if (!options.check && !options.diff && !options.dry_run) {
    TRY(deployment.lock, files::Lock::take(place.root));
  }
  TRY(const auto cluster, place.load());
  TRY(check_names(cluster, options.services));
  TRY(deployment.targets, render::choose_targets(options.targets));
  TRY(const auto environment, render::load_environment(cluster, options.environment, options.overrides));
  deployment.environment = environment.name;
  TRY(auto model, render::make_model(cluster, environment));
  deployment.notes = std::move(model.notes);

  std::vector<render::Form> forms;
  for (const auto& target : deployment.targets) {
    TRY(auto loaded, render::load_forms(target, cluster.root));
    std::move(loaded.begin(), loaded.end(), std::back_inserter(forms));
  }
  const bool whole = options.services.empty();
  TRY(deployment.rendered, render::render_forms(forms, model.value, options.services));
  TRY(check_objects(deployment.rendered, model.value, whole));
  deployment.out = options.out.empty() ? cluster.root / "deploy" : fs::absolute(options.out).lexically_normal();
  if (options.out.empty() && fs::is_symlink(deployment.out)) {
    return base::fail(ErrorCode::conflict, deployment.out.string() +
                                               " is a symbolic link, which is not written through; name the folder "
                                               "with --out");
  }
  TRY(deployment.plan,
      render::make_plan(deployment.out, deployment.rendered, deployment.targets, environment.name, whole));
  return deployment;
}

bool is_edited(const render::Plan& plan, const std::string& path) {
  return std::binary_search(plan.edited.begin(), plan.edited.end(), path);
}

std::string files_count(std::size_t count) { return std::to_string(count) + (count == 1 ? " file" : " files"); }

// A line per file that is not as it is rendered.
void list_changes(const Deployment& deployment) {
  for (const auto& step : deployment.plan.steps) {
    if (step.change == files::Change::identical) continue;
    std::string word(files::word(step.change));
    word.resize(10, ' ');
    say(word + printable(step.path) + (is_edited(deployment.plan, step.path) ? "  (edited by hand)" : ""));
  }
}

int print_diff(const Deployment& deployment) {
  for (const auto& step : deployment.plan.steps) {
    if (step.change == files::Change::identical) continue;
    const auto after = deployment.plan.tree.find(step.path);
    const auto before = deployment.plan.before.find(step.path);
    const auto text = files::unified_diff(step.path, before == deployment.plan.before.end() ? nullptr : &before->second,
                                          after == deployment.plan.tree.end() ? nullptr : &after->second);
    if (!text) return report(text.error());
    print(text.value());
  }
  return ok;
}

std::string summary(const Deployment& deployment) {
  std::vector<Row> rows;
  for (const auto& target : deployment.targets) {
    std::set<std::string> own;
    for (const auto& [path, name] : deployment.rendered.target_of) {
      if (name == target.name) own.insert(path);
    }
    std::size_t created = 0;
    std::size_t updated = 0;
    for (const auto& step : deployment.plan.steps) {
      if (!own.contains(step.path)) continue;
      created += step.change == files::Change::create ? 1 : 0;
      updated += step.change == files::Change::update ? 1 : 0;
    }
    rows.push_back(
        {target.name, std::to_string(own.size()), std::to_string(created), std::to_string(updated), target.help});
  }
  return format_table({"TARGET", "FILES", "NEW", "CHANGED", "WHAT"}, rows);
}

base::Json document(const Deployment& deployment) {
  base::Json list = base::Json::array();
  for (const auto& step : deployment.plan.steps) {
    const auto target = deployment.rendered.target_of.find(step.path);
    list.push_back(
        {{"path", step.path},
         {"change", std::string(files::word(step.change))},
         {"target", target == deployment.rendered.target_of.end() ? base::Json() : base::Json(target->second)},
         {"edited", is_edited(deployment.plan, step.path)}});
  }
  return {{"environment", deployment.environment},
          {"out", deployment.out.string()},
          {"stale", deployment.plan.changes},
          {"notes", deployment.notes},
          {"files", list}};
}

// The same render again, as one types it.
std::string again(const DeployOptions& options, const Deployment& deployment) {
  std::string line = "msctl deploy --env " + deployment.environment;
  std::string names;
  for (const auto& target : deployment.targets) names += (names.empty() ? "" : ",") + target.name;
  if (!options.targets.empty()) line += " --target " + names;
  if (!options.out.empty()) line += " --out " + options.out;
  return line;
}

// What one does with the files, as far as they were made.
void tell_next(const DeployOptions& options, const Deployment& deployment) {
  std::error_code failed;
  std::string out = fs::relative(deployment.out, fs::current_path(failed), failed).string();
  if (failed || out.empty()) out = deployment.out.string();
  const std::string here = out + "/" + deployment.environment;
  say("Next:");
  for (const auto& target : deployment.targets) {
    if (target.name == "dockerfile") say("  buildah bud -f " + here + "/dockerfile/SERVICE/Dockerfile -t IMAGE .");
    if (target.name == "compose") say("  docker compose -f " + here + "/compose/compose.yaml up -d");
    if (target.name == "k8s") say("  kubectl apply --server-side -R -f " + here + "/kubernetes");
  }
  say("  " + again(options, deployment) + " --check     # in CI: fails when these files are stale");
}

base::Error refused_edits(const Deployment& deployment) {
  std::string text = "these files were changed by hand, or are not of msctl, and are not overwritten:";
  for (const auto& path : deployment.plan.edited) text += "\n  " + (deployment.out / path).string();
  return base::fail(ErrorCode::conflict, text +
                                             "\nPut what you need into manifests/ or pipelines/ beside msctl.yaml "
                                             "(docs/deploy.md), or overwrite them with --force");
}

int check(const DeployOptions& options, const Deployment& deployment) {
  if (options.format != Format::table) {
    print(format_document(document(deployment), options.format));
  } else {
    list_changes(deployment);
    if (deployment.plan.changes) {
      say_error("msctl: what is in " + deployment.out.string() +
                " is not what the files of the cluster make now; run: " + "msctl deploy --env " +
                deployment.environment);
    } else {
      say(files_count(deployment.rendered.tree.size()) + " up to date");
    }
  }
  return deployment.plan.changes ? would_change : ok;
}

int deploy(const DeployOptions& options) {
  const auto prepared = prepare(options);
  if (!prepared) return report(prepared.error());
  const Deployment& deployment = prepared.value();
  if (options.diff) {
    const int code = print_diff(deployment);
    if (code != ok || !options.check) return code;
    return deployment.plan.changes ? would_change : ok;
  }
  if (options.check) return check(options, deployment);
  if (!options.dry_run) {
    if (!deployment.plan.edited.empty() && !options.force) return report(refused_edits(deployment));
    const auto written = files::write(deployment.out, deployment.plan.tree, deployment.plan.remove);
    if (!written) return report(written.error());
  }
  if (options.format != Format::table) return print(format_document(document(deployment), options.format)), ok;
  for (const auto& note : deployment.notes) say_error("note: " + printable(note));
  if (options.dry_run) list_changes(deployment);
  print(summary(deployment));
  if (!deployment.plan.remove.empty()) {
    say(files_count(deployment.plan.remove.size()) + (options.dry_run ? " would be removed" : " removed") +
        ", not made any more");
  }
  if (options.dry_run) {
    say("nothing was written");
  } else {
    tell_next(options, deployment);
  }
  return ok;
}

}  // namespace

void add_deploy(Verbs& verbs) {
  auto options = std::make_shared<DeployOptions>();
  verbs.add("deploy", "Render what ships the cluster, from the files that `up` runs")
      .option("--target", options->targets, "TARGET",
              "dockerfile, compose, k8s, istio, monitoring, ci-github or ci-gitlab; several with commas. Default: all "
              "but ci")
      .option("--env", options->environment, "NAME", "Environment: environments/NAME.yaml. Default: the only one")
      .option("--service", options->services, "SERVICE", "Only what is made for this service")
      .option("--out", options->out, "DIR", "Where to write. Default: deploy beside msctl.yaml")
      .flag("--diff", options->diff, "Only show what would change, as a unified diff")
      .flag("--check", options->check, "Write nothing; exit 7 when the files are stale or were edited")
      .flag("--dry-run", options->dry_run, "Write nothing; list what would be written")
      .flag("--force", options->force, "Overwrite files that were changed by hand")
      .option("--image-prefix", options->overrides.image_prefix, "PREFIX", "In place of the environment's image_prefix")
      .option("--tag", options->overrides.tag, "TAG", "In place of the environment's tag")
      .option("--base-image", options->overrides.base_image, "IMAGE", "In place of the environment's base_image")
      .option("-f,--file", options->place.files, "FILE", "Cluster file; later ones are laid over earlier ones")
      .option("--profile", options->place.profiles, "NAME", "Include the services of this profile")
      .option("--env-file", options->place.env_files, "FILE", "NAME=value lines for ${env:NAME}")
      .output(options->format)
      .footer(
          "Examples:\n  msctl deploy --env staging --target dockerfile,k8s --tag 1.4.0\n"
          "  msctl deploy --env staging --diff\n  msctl deploy --target ci-github --out .\n"
          "Exit codes: 2 when something is missing or contradicts itself, 7 with --check when the files are stale")
      .run([options] { return deploy(*options); });
}

}  // namespace cli
