#include "cli/scaffold/generate.hpp"

#include <algorithm>

#include "base/joined.hpp"
#include "cli/scaffold/cluster_edit.hpp"
#include "supervisor/spec/source.hpp"

namespace scaffold {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;

constexpr const char* cluster_file = "msctl.yaml";
constexpr std::size_t most_bytes = 4 << 20;

base::Error conflict(const std::string& text) { return base::fail(ErrorCode::conflict, text); }

// The file as it is, if it is a regular one.
base::Result<std::optional<files::File>> read_file(const fs::path& path) {
  std::error_code failed;
  const auto status = fs::symlink_status(path, failed);
  if (status.type() == fs::file_type::not_found) return std::optional<files::File>();
  if (status.type() == fs::file_type::symlink) {
    return conflict(path.string() + " is a symbolic link, which is not written through; move it away, then try again");
  }
  TRY(auto text, spec::read_text(path, path.string(), most_bytes));
  const bool executable = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
  return std::optional<files::File>(files::File{std::move(text), executable});
}

Answers answers_of(const Template& made, const std::string& name, Values values, files::Tree base) {
  return {name, made.name, made.version, made.from, made.revision, std::move(values), std::move(base)};
}

std::string folder_of(const ServiceName& name) { return "services/" + name.stem; }

std::vector<std::string> consumed_in(const Values& values) {
  const auto found = values.find("consumes");
  return found == values.end() ? std::vector<std::string>() : found->second;
}

struct ServiceFiles {
  base::Json data;
  files::Tree tree;
};

// The schemas of what a service consumes of its own are among the files that it has just got. Whether there are some.
bool learn_from(const files::Tree& tree, const ServiceName& name, const Values& values, Facts& facts) {
  const auto consumed = consumed_in(values);
  EventSchemas own;
  for (const auto& [path, file] : tree) {
    auto schema = path.starts_with(folder_of(name) + "/events/") ? parse_event_schema(file.content) : std::nullopt;
    if (schema && !facts.schemas.contains(schema->type) &&
        std::find(consumed.begin(), consumed.end(), schema->type) != consumed.end())
      add_event_schema(own, std::move(*schema));
  }
  facts.schemas.insert(own.begin(), own.end());
  return !own.empty();
}

base::Result<ServiceFiles> render_service(const Template& made, const ServiceName& name, const Values& values,
                                          Facts& facts) {
  ServiceFiles files;
  TRY(files.data, service_variables(made, name, values, facts));
  TRY(files.tree, render_files(made, files.data));
  if (!learn_from(files.tree, name, values, facts)) return files;
  TRY(files.data, service_variables(made, name, values, facts));
  TRY(files.tree, render_files(made, files.data));
  return files;
}

// A service's files with its answers beside them.
base::Result<files::Tree> service_files(const Template& made, const ServiceName& name, const Values& values,
                                        Facts& facts, std::vector<std::string>& next) {
  if (made.kind != Kind::service) {
    return base::fail(ErrorCode::invalid,
                      "the template " + made.name + " makes a workspace, not a service; use msctl init");
  }
  TRY(auto files, render_service(made, name, values, facts));
  TRY(next, render_next(made, files.data));
  auto& tree = files.tree;
  tree[folder_of(name) + "/" + answers_file] = {to_text(answers_of(made, name.name, values, tree)), false};
  return std::move(tree);
}

// Where the schemas of what it consumes came from, and what is left to do. Nothing for a template without such files.
std::vector<std::string> notes_of(const ServiceName& name, const Values& values, const Facts& facts,
                                  const files::Tree& tree) {
  std::vector<std::string> notes;
  for (const auto& type : consumed_in(values)) {
    const auto file = [&](int version) {
      return folder_of(name) + "/consumes/" + type + ".v" + std::to_string(version) + ".schema.json";
    };
    const auto known = facts.schemas.find(type);
    if (!tree.contains(file(known == facts.schemas.end() ? 1 : known->second.back().version))) continue;
    const auto who = facts.publishers.find(type);
    const auto publishers = who == facts.publishers.end() ? name.name : base::joined(who->second);
    if (known != facts.schemas.end()) {
      std::vector<std::string> versions;
      for (const auto& one : known->second) versions.push_back("v" + std::to_string(one.version));
      notes.push_back(type + ": schema copied from " + publishers + " (" + base::joined(versions) + ")");
      if (!example_of(base::parse_json(known->second.back().text).value()).empty()) continue;
      notes.push_back(type + ": no example of its data could be made of its schema; write one into " + folder_of(name) +
                      "/tests/" + name.ident + "_consumer_test.cpp, which skips it until then");
      continue;
    }
    notes.push_back(type + ": " +
                    (who == facts.publishers.end() ? "no service of this workspace publishes it"
                                                   : publishers + " publishes it without a schema in its events/") +
                    ", so " + file(1) + " says only that its data is an object; put the publisher's file there, then " +
                    facts.command + " update " + name.name);
  }
  return notes;
}

base::Result<void> check_all_new(const Draft& draft, const std::string& allowed) {
  for (const auto& step : draft.steps) {
    if (step.change == files::Change::create || step.path == allowed) continue;
    return conflict((draft.root / step.path).string() + " is there already, and nothing is overwritten");
  }
  return base::success();
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < 8; ++i) text += (i == 0 ? "" : ", ") + names[i];
  return names.size() > 8 ? text + ", …" : text;
}

base::Result<void> check_empty(const fs::path& folder) {
  std::error_code failed;
  const auto status = fs::status(folder, failed);
  if (status.type() == fs::file_type::not_found) return base::success();
  if (!fs::is_directory(status)) return conflict(folder.string() + " is there and no folder; give another one");
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    if (entry.path().filename() != ".git") names.push_back(entry.path().filename());
  }
  if (failed) return base::fail(ErrorCode::internal, "cannot read " + folder.string() + ": " + failed.message());
  if (names.empty()) return base::success();
  std::sort(names.begin(), names.end());
  return conflict(folder.string() + " is not empty (" + listed(names) + "); give a new folder: msctl init my-shop");
}

// The values that the template still knows.
Values known_values(const Template& made, const Values& values) {
  Values known;
  for (const auto& [name, value] : values) {
    if (made.parameter(name) != nullptr) known[name] = value;
  }
  return known;
}

std::set<std::uint16_t> ports_in(const Values& values) {
  std::set<std::uint16_t> ports;
  for (const char* name : {"port", "grpc_port"}) {
    const auto found = values.find(name);
    if (found == values.end() || found->second.empty()) continue;
    ports.insert(static_cast<std::uint16_t>(std::strtoul(found->second.front().c_str(), nullptr, 10)));
  }
  return ports;
}

struct Rendered {
  files::Tree tree;
  Values values;
};

base::Result<Rendered> render_again(const spec::Cluster& cluster, const Generated& generated, const Template& made,
                                    const Values& given) {
  Rendered rendered;
  Values wanted = known_values(made, generated.answers.values);
  for (const auto& [name, value] : given) wanted[name] = value;
  Facts facts = read_facts(cluster);
  TRY(const auto name, cluster_name(generated.answers.name));
  TRY(rendered.values, complete(made, name, wanted, facts, ports_in(generated.answers.values)));
  for (const auto& [path, ignored] : generated.answers.base) {
    if (may_make(made.kind, name, path)) continue;
    return base::fail(ErrorCode::malformed, generated.path + ": base names " + shown(path) +
                                                ", which is none of its files; restore it from version control");
  }
  if (made.kind == Kind::workspace) {
    TRY(rendered.tree, render_files(made, workspace_variables(made, name.name, rendered.values)));
    return rendered;
  }
  if (fs::path(generated.path).parent_path() != fs::path(folder_of(name))) {
    return base::fail(ErrorCode::malformed, generated.path + ": is of " + name.name + ", whose folder is services/" +
                                                name.stem + "; a service that was moved is not updated");
  }
  // What nobody here publishes is known from the service's own file, which the user has put there or left as it was.
  auto own = read_event_schemas(cluster.root / folder_of(name) / "consumes");
  facts.schemas.merge(own);
  TRY(auto files, render_service(made, name, rendered.values, facts));
  rendered.tree = std::move(files.tree);
  return rendered;
}

bool uses_postgres(const Values& values) {
  const auto found = values.find("db");
  return found != values.end() && found->second == std::vector<std::string>{"postgres"};
}

}  // namespace

base::Result<Draft> draft_service(const spec::Cluster& cluster, const Template& made, const ServiceRequest& request) {
  Facts facts = read_facts(cluster);
  std::vector<std::string> taken = request.taken;
  taken.insert(taken.end(), facts.services.begin(), facts.services.end());
  TRY(const auto name, service_name(request.name, taken));
  const std::string folder = folder_of(name);
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(cluster.root / folder, ignored))) {
    return conflict("the folder " + folder + " is there already, and nothing is overwritten; choose another name");
  }
  TRY(const auto values, complete(made, name, request.given, facts));
  Draft draft;
  draft.root = cluster.root;
  draft.cluster = cluster.files.front();
  TRY(draft.tree, service_files(made, name, values, facts, draft.next));
  draft.notes = notes_of(name, values, facts, draft.tree);
  const std::string file = draft.cluster.lexically_relative(cluster.root).generic_string();
  TRY(const auto text, read_file(draft.cluster));
  if (!text) return base::fail(ErrorCode::not_found, "there is no " + file);
  std::string before = text->content;
  if (uses_postgres(values) && cluster.postgres.empty()) {
    TRY(before, add_postgres(before));
  }
  TRY(auto edited, add_service(before, name.name, folder));
  draft.tree[file] = {std::move(edited), text->executable};
  TRY(draft.steps, files::compare(draft.root, draft.tree));
  TRY(check_all_new(draft, file));
  return draft;
}

base::Result<Draft> draft_workspace(const fs::path& folder, const Template& made, const std::vector<Template>& with,
                                    const std::string& name, const Values& given) {
  if (made.kind != Kind::workspace) {
    return base::fail(ErrorCode::invalid, "the template " + made.name + " makes a service, not a workspace");
  }
  TRY(check_empty(folder));
  TRY(const auto own, cluster_name(name));
  TRY(const auto values, complete(made, own, given, {}));
  const auto data = workspace_variables(made, name, values);
  Draft draft;
  draft.root = folder;
  draft.cluster = folder / cluster_file;
  TRY(draft.tree, render_files(made, data));
  draft.tree[answers_file] = {to_text(answers_of(made, name, values, draft.tree)), false};
  for (const auto& one : with) {
    TRY(const auto service, service_name(one.name, {}));
    TRY(const auto defaults, complete(one, service, {}, {}));
    std::vector<std::string> unused;
    Facts none;
    TRY(auto tree, service_files(one, service, defaults, none, unused));
    draft.tree.merge(tree);
  }
  TRY(draft.next, render_next(made, data));
  TRY(draft.steps, files::compare(folder, draft.tree));
  TRY(check_all_new(draft, ""));
  return draft;
}

base::Result<void> write_draft(const Draft& draft) {
  files::Tree before;
  std::vector<std::string> created;
  for (const auto& step : draft.steps) {
    if (step.change == files::Change::create) created.push_back(step.path);
    if (step.change != files::Change::update) continue;
    TRY(auto file, read_file(draft.root / step.path));
    if (file) before[step.path] = std::move(*file);
  }
  std::error_code ignored;
  const bool is_new_folder = !fs::exists(draft.root, ignored);
  TRY(files::write(draft.root, draft.tree));
  const auto loaded = spec::load_cluster(draft.cluster);
  if (loaded) return base::success();
  TRY(files::write(draft.root, before, created));
  if (is_new_folder) fs::remove(draft.root, ignored);
  base::Error error = loaded.error();
  error.message = "the template makes a cluster that cannot be read, so nothing was kept:\n" + error.message;
  return error;
}

base::Result<std::vector<Generated>> find_generated(const fs::path& root) {
  std::vector<Generated> found;
  std::vector<std::pair<std::string, std::string>> places{{"workspace", answers_file}};
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(root / "services", failed)) {
    if (!entry.is_directory(failed) || entry.is_symlink(failed)) continue;
    places.emplace_back("", "services/" + entry.path().filename().string() + "/" + answers_file);
  }
  std::sort(places.begin() + 1, places.end());
  for (const auto& [label, path] : places) {
    TRY(const auto file, read_file(root / path));
    if (!file) continue;
    TRY(auto answers, parse_answers(file->content, path));
    found.push_back({label.empty() ? answers.name : label, path, std::move(answers)});
  }
  return found;
}

base::Result<Update> plan_update_of(const spec::Cluster& cluster, const Generated& generated, const Template& made,
                                    const Values& given) {
  TRY(auto rendered, render_again(cluster, generated, made, given));
  files::Tree mine;
  files::Tree all = generated.answers.base;
  all.insert(rendered.tree.begin(), rendered.tree.end());
  for (const auto& [path, ignored] : all) {
    TRY(auto file, read_file(cluster.root / path));
    if (file) mine[path] = std::move(*file);
  }
  const MergeThree merge = [&](const std::string& ours, const std::string& base, const std::string& theirs) {
    return files::merge(ours, base, theirs, "yours", "template " + made.name + " " + made.version);
  };
  Update update{generated.label, generated.answers.version, made.version, {}};
  TRY(update.plan, plan_update(generated.answers.base, mine, rendered.tree, merge));
  Answers answers = answers_of(made, generated.answers.name, rendered.values, std::move(rendered.tree));
  const files::File fresh{to_text(answers), false};
  TRY(const auto now, read_file(cluster.root / generated.path));
  if (now && now->content != fresh.content) {
    update.plan.write[generated.path] = fresh;
    update.plan.fates.push_back({Fate::updated, generated.path});
  }
  return update;
}

base::Result<void> write_updates(const fs::path& root, const std::vector<Update>& updates) {
  files::Tree write;
  std::vector<std::string> remove;
  for (const auto& update : updates) {
    for (const auto& [path, file] : update.plan.write) write[path] = file;
    remove.insert(remove.end(), update.plan.remove.begin(), update.plan.remove.end());
  }
  return files::write(root, write, remove);
}

}  // namespace scaffold
