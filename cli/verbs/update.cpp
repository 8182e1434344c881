#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include "cli/files/lock.hpp"
#include "cli/scaffold/sources.hpp"
#include "cli/session/place.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"
#include "cli/verbs/scaffold_view.hpp"
#include "supervisor/spec/suggest.hpp"

namespace cli {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using scaffold::Fate;
using scaffold::Update;

struct UpdateOptions {
  std::vector<std::string> services;
  std::string template_name;
  std::vector<std::string> settings;
  bool check = false;
  Format format = Format::table;
};

base::Result<std::vector<scaffold::Generated>> selected(const UpdateOptions& options, const fs::path& root) {
  TRY(auto all, scaffold::find_generated(root));
  std::vector<std::string> labels;
  for (const auto& one : all) labels.push_back(one.label);
  for (const auto& wanted : options.services) {
    if (std::find(labels.begin(), labels.end(), wanted) != labels.end()) continue;
    const std::string near = spec::nearest(wanted, labels);
    return base::fail(ErrorCode::not_found,
                      "nothing called " + printable(wanted) + " was made by new-service or init" +
                          (near.empty() ? "; msctl update --check lists what was" : "; did you mean " + near + "?"));
  }
  if (options.services.empty()) return all;
  const std::set<std::string> wanted(options.services.begin(), options.services.end());
  std::erase_if(all, [&](const auto& one) { return !wanted.contains(one.label); });
  return all;
}

base::Result<void> check_committed(const fs::path& root, const std::vector<scaffold::Generated>& all) {
  std::set<std::string> paths{"msctl.yaml"};
  for (const auto& one : all) {
    paths.insert(one.path);
    for (const auto& [path, ignored] : one.answers.base) paths.insert(path);
    const std::string folder = fs::path(one.path).parent_path().generic_string();
    if (!folder.empty()) paths.insert(folder);
  }
  return scaffold::check_committed(root, {paths.begin(), paths.end()});
}

base::Result<std::vector<Update>> plan(const UpdateOptions& options, const spec::Cluster& cluster,
                                       const std::vector<scaffold::Generated>& all) {
  scaffold::Values given;
  TRY(add_settings(given, options.settings));
  if (options.services.size() != 1 && (!given.empty() || !options.template_name.empty())) {
    return base::fail(ErrorCode::invalid, "--set and --template are for one service; name it");
  }
  std::vector<Update> updates;
  for (const auto& one : all) {
    const std::string asked = options.template_name.empty()
                                  ? scaffold::how_to_ask(one.answers.from, one.answers.template_name)
                                  : options.template_name;
    const fs::path here = options.template_name.empty() ? cluster.root : fs::current_path();
    TRY(const auto made, scaffold::find_template(asked, cluster.root, here));
    if (made.name != one.answers.template_name) {
      return base::fail(ErrorCode::invalid,
                        one.label + " was made of the template " + one.answers.template_name + ", not of " + made.name);
    }
    TRY(auto update, scaffold::plan_update_of(cluster, one, made, given));
    updates.push_back(std::move(update));
  }
  return updates;
}

std::string note(Fate fate, bool is_written) {
  switch (fate) {
    case Fate::conflict:
      return is_written ? "  both changed it; look for <<<<<<<" : "  both changed it; it is no text, and stays yours";
    case Fate::in_the_way:
      return "  new in the template, but you have a file there; it stays as it is";
    case Fate::kept_changed:
      return "  no longer in the template, kept since you changed it";
    case Fate::kept_deleted:
      return "  changed in the template, stays deleted as you left it";
    default:
      return "";
  }
}

void show(const Update& update) {
  const std::string versions =
      update.from_version == update.to_version ? update.to_version : update.from_version + " → " + update.to_version;
  const bool open = std::any_of(update.plan.fates.begin(), update.plan.fates.end(),
                                [](const auto& one) { return scaffold::is_open(one.fate); });
  say(update.label + " (template " + versions + ")" + (update.plan.changes() || open ? "" : ": nothing to do"));
  for (const auto& [fate, path] : update.plan.fates) {
    if (fate == Fate::unchanged) continue;
    std::string shown(scaffold::word(fate));
    shown.resize(std::max<std::size_t>(shown.size(), 9), ' ');
    say("  " + shown + " " + printable(path) + note(fate, update.plan.write.contains(path)));
  }
}

base::Json document(const std::vector<Update>& updates, bool written) {
  base::Json made{{"written", written}, {"services", base::Json::array()}};
  for (const auto& update : updates) {
    base::Json entry{{"name", update.label}, {"from", update.from_version}, {"to", update.to_version}};
    entry["files"] = base::Json::array();
    for (const auto& [fate, path] : update.plan.fates) {
      entry["files"].push_back({{"change", scaffold::word(fate)}, {"path", path}});
    }
    made["services"].push_back(std::move(entry));
  }
  return made;
}

int update(const UpdateOptions& options) {
  const auto place = find_place({.no_project = true});
  if (!place) return report(place.error());
  std::optional<files::Lock> lock;
  if (!options.check) {
    auto taken = files::Lock::take(place.value().root);
    if (!taken) return report(taken.error());
    lock = std::move(taken).value();
  }
  const auto cluster = place.value().load();
  if (!cluster) return report(cluster.error());
  const fs::path root = cluster.value().root;
  const auto all = selected(options, root);
  if (!all) return report(all.error());
  if (all.value().empty()) {
    return report(base::fail(ErrorCode::not_found,
                             "nothing here was made by new-service or init, so nothing can be "
                             "updated; services with a .msctl-answers.json can"));
  }
  if (!options.check) {
    if (const auto clean = check_committed(root, all.value()); !clean) return report(clean.error());
  }
  const auto updates = plan(options, cluster.value(), all.value());
  if (!updates) return report(updates.error());
  const auto any = [&](auto what) { return std::any_of(updates.value().begin(), updates.value().end(), what); };
  const bool changes = any([](const Update& one) { return one.plan.changes(); });
  const bool conflicts = any([](const Update& one) { return one.plan.has_conflicts(); });
  const bool writes = changes && !options.check;
  if (writes) {
    if (const auto written = scaffold::write_updates(root, updates.value()); !written) return report(written.error());
  }
  if (options.format != Format::table) {
    print(format_document(document(updates.value(), writes), options.format));
  } else {
    for (const auto& one : updates.value()) show(one);
    if (!writes) say("nothing was written");
  }
  if (options.check) return changes ? would_change : ok;
  if (conflicts) say_error("msctl: put the conflicts right, then look at it all with git diff");
  return conflicts ? failed : ok;
}

}  // namespace

void add_update(Verbs& verbs) {
  auto options = std::make_shared<UpdateOptions>();
  verbs.add("update", "Bring what was generated to the template's present version, your changes kept")
      .operands("SERVICE", options->services, "Services, or `workspace`. Default: all that were generated")
      .flag("--check", options->check, "Only show what would change; exit 7 when something would")
      .option("--template", options->template_name, "TEMPLATE", "Where the template is now")
      .option("--set", options->settings, "KEY=VALUE", "An answer that changes, or that the template asks anew")
      .output(options->format)
      .footer(
          "Merges three ways, as git does: what the template made, what you made of it, what it makes now. Conflicts\n"
          "are marked in the files and exit 1; files that you deleted stay deleted. Everything must be committed "
          "first.\n"
          "Examples:\n  msctl update --check\n  msctl update billing")
      .run([options] { return update(*options); });
}

}  // namespace cli
