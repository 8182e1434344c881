#include "cli/affected/affected.hpp"

#include <fstream>
#include <memory>
#include <optional>

#include "base/joined.hpp"
#include "cli/affected/compiled.hpp"
#include "cli/affected/history.hpp"
#include "cli/files/temporary_folder.hpp"
#include "cli/session/place.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"
#include "cli/terminal/table.hpp"
#include "cli/verbs/verb.hpp"
#include "supervisor/spec/yaml.hpp"

namespace cli {
namespace {

namespace fs = std::filesystem;

struct AffectedOptions {
  PlaceOptions place;
  std::string base;
  std::string head;
  std::string purpose = "any";
  bool names = false;
  bool check = false;
  Format format = Format::table;
};

// The cluster as it was, read from a copy of its files.
base::Result<spec::Cluster> cluster_before(const Place& place, const affected::Difference& difference,
                                           const std::map<std::string, std::string>& files, const fs::path& copy) {
  for (const auto& [path, content] : files) {
    fs::create_directories((copy / path).parent_path());
    std::ofstream(copy / path, std::ios::binary) << content;
  }
  spec::LoadOptions options = place.options;
  for (auto& file : options.files) file = copy / fs::absolute(file).lexically_relative(difference.top);
  for (auto& file : options.env_files) file = fs::absolute(file);
  return spec::load_cluster(options);
}

base::Json parsed(const std::string& text) {
  auto document = spec::parse_yaml(text, "environment");
  return document ? std::move(document.value().value) : base::Json();
}

void read_environments(const spec::Cluster& now, const affected::Difference& difference,
                       const std::map<std::string, std::string>& before, affected::Change& change) {
  for (const auto& file : difference.files) {
    const fs::path near = fs::path(file).lexically_relative(now.root);
    if (near.parent_path() != "environments" || near.extension() != ".yaml") continue;
    auto& [was, is] = change.environments[near.string()];
    const auto old = before.find(fs::path(file).lexically_relative(difference.top).string());
    if (old != before.end()) was = parsed(old->second);
    std::ifstream in(file, std::ios::binary);
    if (in) is = parsed({std::istreambuf_iterator<char>(in), {}});
  }
}

std::vector<std::string> setup_inputs(const spec::Cluster& now) {
  std::vector<std::string> globs;
  std::error_code failed;
  for (fs::directory_iterator at(now.root / "environments", failed), end; !failed && at != end; at.increment(failed)) {
    if (at->path().extension() != ".yaml") continue;
    std::ifstream in(at->path(), std::ios::binary);
    const base::Json value = parsed({std::istreambuf_iterator<char>(in), {}});
    const base::Json setup = value.is_object() ? value.value("setup", base::Json()) : base::Json();
    const base::Json inputs = setup.is_object() ? setup.value("inputs", base::Json()) : base::Json();
    if (!inputs.is_array()) continue;
    for (const auto& glob : inputs) {
      if (glob.is_string()) globs.push_back(glob.get<std::string>());
    }
  }
  return globs;
}

base::Result<affected::Answer> find_affected(const AffectedOptions& options) {
  TRY(const auto place, find_place(options.place));
  TRY(const auto now, place.load());
  TRY(const auto difference, affected::difference(now.root, options.base, options.head));
  std::vector<std::string> names;
  for (const auto& file : now.files) names.push_back(file.filename().string());
  names.insert(names.end(), {"msctl.yaml", "service.yaml"});
  for (const auto& file : difference.files) {
    if (fs::path(file).parent_path().filename() == "environments") names.push_back(fs::path(file).filename().string());
  }
  TRY(const auto files, affected::files_at(difference.top, difference.from, names));

  TRY(const auto copy, files::TemporaryFolder::make("affected"));
  affected::Change change;
  change.files = difference.files;
  const auto before = cluster_before(place, difference, files, copy.path());
  if (before) {
    change.before = &before.value();
  } else {
    change.why_not = "the cluster file of " + options.base + " cannot be read";
  }
  read_environments(now, difference, files, change);
  change.setup_inputs = setup_inputs(now);
  return affected::affected_by(now, change);
}

bool is_meant(const affected::Effect& effect, const std::string& purpose) {
  return purpose == "build"    ? effect.build
         : purpose == "test"   ? effect.test
         : purpose == "deploy" ? effect.deploy
                               : true;
}

std::vector<std::string> works(const affected::Effect& effect) {
  std::vector<std::string> list;
  if (effect.build) list.emplace_back("build");
  if (effect.test) list.emplace_back("test");
  if (effect.deploy) list.emplace_back("deploy");
  return list;
}

base::Json affected_document(const affected::Answer& answer, const AffectedOptions& options) {
  base::Json services = base::Json::array();
  for (const auto& [name, effect] : answer.services) {
    if (!is_meant(effect, options.purpose)) continue;
    if (options.names) {
      services.push_back(name);
    } else {
      services.push_back({{"service", name}, {"for", works(effect)}, {"reasons", effect.reasons}});
    }
  }
  if (options.names) return services;
  base::Json contracts = base::Json::array();
  for (const auto& pair : answer.contracts) {
    contracts.push_back({{"consumer", pair.consumer}, {"provider", pair.provider}});
  }
  return {{"base", options.base}, {"services", services}, {"contracts", contracts}, {"removed", answer.removed}};
}

int print_affected(const affected::Answer& answer, const AffectedOptions& options) {
  if (options.format != Format::table)
    return print(format_document(affected_document(answer, options), options.format)), ok;
  std::vector<Row> rows;
  for (const auto& [name, effect] : answer.services) {
    if (!is_meant(effect, options.purpose)) continue;
    if (options.names) say(name);
    rows.push_back({name, base::joined(works(effect)), printable(base::joined(effect.reasons))});
  }
  if (options.names) return ok;
  if (rows.empty()) {
    say("no service is affected by what changed since " + printable(options.base));
  } else {
    print(format_table({"SERVICE", "FOR", "BECAUSE OF"}, rows));
  }
  for (const auto& pair : answer.contracts) say("contract: " + pair.consumer + " calls " + pair.provider);
  for (const auto& name : answer.removed) say("removed: " + name);
  return ok;
}

int check_inputs(const AffectedOptions& options) {
  const auto place = find_place(options.place);
  if (!place) return report(place.error());
  const auto cluster = place.value().load();
  if (!cluster) return report(cluster.error());
  const auto compared = affected::compare_inputs(cluster.value(), {});
  if (!compared) return report(compared.error());
  bool complete = true;
  bool any = false;
  for (const auto& one : compared.value()) {
    if (!one.skipped.empty()) {
      say(one.service + ": not looked at, " + one.skipped);
      continue;
    }
    any = true;
    complete = complete && one.missing.empty();
    if (one.missing.empty()) {
      say(one.service + ": its build.inputs name all " + std::to_string(one.files) + " files that it is built from");
    }
    for (const auto& file : one.missing)
      say_error(one.service + ": built from " + file + ", which no build.inputs names");
  }
  if (!any) say_error("msctl: nothing was built yet, so there is nothing to compare; build first: msctl up --build");
  return complete && any ? ok : failed;
}

int run_affected(const AffectedOptions& options) {
  if (options.check) return check_inputs(options);
  if (options.base.empty()) {
    say_error("msctl: affected by what? name a commit, branch or tag: msctl affected --base main");
    return usage;
  }
  const auto answer = find_affected(options);
  return answer ? print_affected(answer.value(), options) : report(answer.error());
}

}  // namespace

void add_affected(Verbs& verbs) {
  auto options = std::make_shared<AffectedOptions>();
  verbs.add("affected", "List the services that a change affects, and why")
      .option("--base", options->base, "REV", "Since where this and REV parted: a branch, tag or commit")
      .option("--head", options->head, "REV", "Up to this. Default: the work tree with what is not committed")
      .choice("--for", options->purpose, {"any", "build", "test", "deploy"}, "Only services that need this")
      .flag("--names", options->names, "Only names, for scripts; with --output json a list of them")
      .flag("--check", options->check, "Compare build.inputs with what the compiler read; exit 1 when one is missing")
      .option("-f,--file", options->place.files, "FILE", "Cluster file; later ones are laid over earlier ones")
      .option("--profile", options->place.profiles, "NAME", "Include the services of this profile")
      .output(options->format)
      .footer(
          "Examples:\n  msctl affected --base main\n  msctl affected --base HEAD~1 --for build --names\n"
          "  msctl affected --check")
      .run([options] { return run_affected(*options); });
}

}  // namespace cli
