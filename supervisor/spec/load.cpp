#include "supervisor/spec/load.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <system_error>

#include "supervisor/spec/decode.hpp"
#include "supervisor/spec/env_file.hpp"
#include "supervisor/spec/load_options.hpp"
#include "supervisor/spec/mock.hpp"
#include "supervisor/spec/resolve.hpp"
#include "supervisor/spec/sanitize.hpp"
#include "supervisor/spec/schema_validator.hpp"
#include "supervisor/spec/secrets.hpp"
#include "supervisor/spec/suggest.hpp"

namespace spec {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using base::Json;

constexpr std::string_view service_file = "service.yaml";

// The nearest DNS label to a folder's name.
std::string label_of(const std::string& text) {
  std::string label;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool is_letter_or_digit = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (is_letter_or_digit) {
      label += c;
    } else if (!label.empty() && label.back() != '-') {
      label += '-';
    }
  }
  label.resize(std::min<std::size_t>(label.size(), 63));
  while (!label.empty() && label.back() == '-') label.pop_back();
  return label.empty() ? "cluster" : label;
}

bool is_label(const std::string& text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

// A file that is laid over another one need not be whole.
const Json& overlay_schema() {
  static const Json schema = [] {
    Json copy = cluster_schema();
    copy.erase("required");
    return copy;
  }();
  return schema;
}

class Loader {
 public:
  Loader(const LoadOptions& options, fs::path root) : options_(options), root_(std::move(root)) {}

  base::Result<Loaded> run(const fs::path& bin) {
    TRY(read_layers());
    if (!problems_.empty()) return problems_.error();
    for (const auto& [name, entry] : layers().value().at("services").items()) {
      if (problems_.full()) break;
      add_source(name, entry);
    }
    if (!problems_.empty()) return problems_.error();

    outline(bin);
    check_commands();
    choose_profiles();
    read_cluster_env();
    for (const auto& [name, source] : loaded_.sources) {
      if (!problems_.full()) add_service(name, source);
    }
    add_databases_job();
    check_profiles();
    if (!options_.project.empty()) become_copy();
    link_services(cluster(), layers(), loaded_.sources, problems_);
    check_texts(cluster(), layers(), loaded_.sources, problems_);
    if (!problems_.empty()) return problems_.error();
    return std::move(loaded_);
  }

 private:
  Cluster& cluster() { return loaded_.cluster; }
  const Layers& layers() const { return *loaded_.layers; }

  void validate(const SourceFile& file, const Json& schema) {
    for (const Violation& violation : violations(schema, file.document.value, max_problems)) {
      problems_.add(file, violation);
    }
  }

  base::Result<void> read_layers() {
    loaded_.layers = std::make_unique<Layers>();
    for (const fs::path& given : options_.files) {
      const bool is_first = loaded_.cluster.files.empty();
      const fs::path path = is_first ? root_ / given.filename() : fs::absolute(given).lexically_normal();
      loaded_.cluster.files.push_back(path);
      TRY(SourceFile file, read_source(path, shown_path(path, root_)));
      validate(file, is_first ? cluster_schema() : overlay_schema());
      if (problems_.empty()) loaded_.layers->add(std::move(file));
    }
    return base::success();
  }

  void add_source(const std::string& name, const Json& entry) {
    ServiceSource source{.name = name, .cluster = loaded_.layers.get()};
    source.folder = root_;
    source.merged = Json::object();
    if (entry.contains("path")) {
      source.folder = (root_ / entry.at("path").get<std::string>()).lexically_normal();
      if (!read_own(source)) return;
    }
    overlay_service(source.merged, entry);
    loaded_.sources.emplace(name, std::move(source));
  }

  bool read_own(ServiceSource& source) {
    const fs::path path = source.folder / service_file;
    loaded_.cluster.files.push_back(path);
    auto own = read_source(path, shown_path(path, root_));
    if (!own) {
      const bool is_missing = own.error().code == ErrorCode::not_found;
      if (is_missing)
        source.report(problems_, "/path", "expected a folder with a service.yaml; " + own.error().message);
      if (!is_missing) problems_.add(std::move(own).error());
      return false;
    }
    const std::size_t problems_before = problems_.size();
    validate(own.value(), service_schema());
    source.own = std::move(own).value();
    source.merged = source.own->document.value;
    if (problems_.size() > problems_before || problems_.full()) return false;
    if (const Json& name = source.merged.at("name"); name != source.name) {
      problems_.add(*source.own, "/name",
                    "expected " + source.name + ", its key in " + layers().name() + ", got " + shown(name));
    }
    return true;
  }

  void outline(const fs::path& bin) {
    const Json& value = layers().value();
    Cluster& made = cluster();
    made.name = value.value("name", label_of(root_.filename().string()));
    made.root = root_;
    made.state = root_ / ".msctl";
    made.bin = bin;
    made.broker = value.value("broker", "");
    made.broker_kind = value.value("broker_kind", "");
    made.postgres = value.value("postgres", "");
    made.registry = decode_registry(value);
    if (value.contains("commands")) {
      for (const auto& [name, command] : value.at("commands").items()) made.commands[name] = decode_command(command);
    }
    if (value.contains("try_this")) value.at("try_this").get_to(made.try_this);
  }

  void check_commands() {
    for (const auto& [name, command] : cluster().commands) {
      if (std::find(options_.reserved.begin(), options_.reserved.end(), name) == options_.reserved.end()) continue;
      layers().report(problems_, child_pointer("/commands", name),
                      "`msctl " + name + "` is a command of msctl itself; give this one another name");
    }
  }

  // A copy of the cluster beside others: state and ports of its own.
  void become_copy() {
    cluster().project = options_.project;
    cluster().state = root_ / ".msctl" / "projects" / options_.project;
    cluster().registry.port_given = false;
    for (auto& [name, service] : cluster().services) {
      if (service.source == Source::external) continue;
      for (auto& [port_name, number] : service.ports) number = 0;
    }
  }

  std::vector<EnvEntry> read_env(const fs::path& path, const std::string& asked_by) {
    loaded_.cluster.files.push_back(path);
    return read_env_file(path, shown_path(path, root_), asked_by, is_secret_file(path, root_), problems_);
  }

  std::string origin(const fs::path& path, const EnvEntry& entry) const {
    return shown_path(path, root_) + ":" + std::to_string(entry.line);
  }

  void add_to_cluster(const fs::path& path, const std::string& asked_by) {
    for (const EnvEntry& entry : read_env(path, asked_by)) {
      cluster().env[entry.name] = entry.value;
      loaded_.env_origins[entry.name] = origin(path, entry);
      loaded_.secret_env.erase(entry.name);
      if (is_secret_file(path, root_)) loaded_.secret_env.insert(entry.name);
    }
  }

  void read_cluster_env() {
    const Json& value = layers().value();
    for (std::size_t i = 0; value.contains("env_files") && i < value.at("env_files").size(); ++i) {
      const std::string at = "/env_files/" + std::to_string(i);
      const fs::path path = (root_ / value.at("env_files")[i].get<std::string>()).lexically_normal();
      add_to_cluster(path, location(layers().owner(at), at));
    }
    for (const fs::path& given : options_.env_files) {
      add_to_cluster(fs::absolute(given).lexically_normal(), "--env-file");
    }
  }

  void add_service(const std::string& name, const ServiceSource& source) {
    Service service = decode_service(source, problems_);
    if (!is_chosen(service.profiles)) {
      cluster().left_out.emplace(name, service.profiles);
      return;
    }
    add_env_files(source, service);
    cluster().services.emplace(name, std::move(service));
  }

  // The job that makes databases and roles, unless the files have a service of that name.
  void add_databases_job() {
    const auto postgres = cluster().services.find(cluster().postgres);
    const std::string name = databases_job(cluster());
    if (postgres == cluster().services.end() || loaded_.sources.contains(name)) return;
    const auto& external = postgres->second.external;
    Json command{"${dir:bin}/msctl-postgres", "databases"};
    command.push_back(external ? external->url.substr(external->url.find("//") + 2)
                               : "127.0.0.1:${port:" + cluster().postgres + ".client}");
    command.push_back("${dir:state}/postgres");
    for (const auto& [owner, service] : cluster().services) {
      if (service.database == "postgres") command.push_back(owner);
    }
    ServiceSource source{.name = name, .cluster = loaded_.layers.get()};
    source.folder = root_;
    source.merged = {{"command", command}, {"depends_on", {{cluster().postgres, "ready"}}}};
    if (command.size() > 4) add_service(name, loaded_.sources.emplace(name, std::move(source)).first->second);
  }

  void add_env_files(const ServiceSource& source, Service& service) {
    const auto files = source.merged.find("env_files");
    if (files == source.merged.end()) return;
    std::map<std::string, std::string> values;
    for (std::size_t i = 0; i < files->size(); ++i) {
      const fs::path path = (source.folder / (*files)[i].get<std::string>()).lexically_normal();
      const auto [file, at] = source.origin("/env_files/" + std::to_string(i));
      for (const EnvEntry& entry : read_env(path, location(*file, at))) {
        values[entry.name] = as_literal(entry.value);
        loaded_.given[service.name][entry.name] = origin(path, entry);
        loaded_.secret_given[service.name].erase(entry.name);
        if (is_secret_file(path, root_)) loaded_.secret_given[service.name].insert(entry.name);
      }
    }
    for (const auto& [key, text] : service.env) {
      loaded_.given[service.name].erase(key);
      loaded_.secret_given[service.name].erase(key);
    }
    service.env.merge(values);
  }

  void choose_profiles() {
    chosen_ = options_.profiles;
    const Json& value = layers().value();
    if (chosen_.empty() && value.contains("profiles")) value.at("profiles").get_to(chosen_);
    loaded_.profiles = chosen_;
  }

  bool is_chosen(const std::vector<std::string>& profiles) const {
    return profiles.empty() || std::any_of(profiles.begin(), profiles.end(), [&](const std::string& profile) {
             return std::find(chosen_.begin(), chosen_.end(), profile) != chosen_.end();
           });
  }

  void check_profiles() {
    std::set<std::string> known;
    for (const auto& [name, source] : loaded_.sources) {
      if (!source.merged.contains("profiles")) continue;
      for (const Json& profile : source.merged.at("profiles")) known.insert(profile);
    }
    const std::vector<std::string> list(known.begin(), known.end());
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      if (known.contains(chosen_[i])) continue;
      const std::string near = nearest(chosen_[i], list);
      const std::string message = "no service is in profile " + shown(Json(chosen_[i])) +
                                  (near.empty() ? "" : "; did you mean \"" + near + "\"?");
      if (options_.profiles.empty()) {
        layers().report(problems_, "/profiles/" + std::to_string(i), message);
      } else {
        problems_.add(base::fail(ErrorCode::malformed, "--profile: " + message));
      }
    }
  }

  const LoadOptions& options_;
  fs::path root_;
  std::vector<std::string> chosen_;  // profiles
  Loaded loaded_;
  Problems problems_;
};

}  // namespace

base::Result<Loaded> load_with(const LoadOptions& options, const fs::path& bin) {
  if (options.files.empty()) return base::fail(ErrorCode::invalid, "no cluster file is given");
  if (const std::string& name = options.project; !name.empty() && !is_label(name)) {
    return base::fail(
        ErrorCode::malformed,
        "--project: expected a name of a-z, 0-9 and - (a DNS label of at most 63), got " + shown(Json(name)));
  }
  std::error_code error;
  const fs::path& first = options.files.front();
  const fs::path root = fs::canonical(fs::absolute(first).parent_path(), error);
  if (error) return base::fail(ErrorCode::not_found, first.string() + ": no such file");
  return Loader(options, root).run(bin);
}

base::Result<Cluster> load_cluster_with(const fs::path& file, const fs::path& bin) {
  LoadOptions options;
  options.files.push_back(file);
  TRY(Loaded loaded, load_with(options, bin));
  return std::move(loaded.cluster);
}

fs::path program_folder() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path();
}

base::Result<Cluster> load_cluster(const fs::path& file) { return load_cluster_with(file, program_folder()); }

// For a file that cannot be read any more, though processes of it run.
base::Result<Cluster> empty_cluster(const LoadOptions& options) {
  Cluster cluster;
  cluster.root = options.files.at(0).parent_path();
  cluster.name = label_of(cluster.root.filename().string());
  cluster.project = options.project;
  TRY(cluster.state, state_folder(cluster.root, options.project));
  cluster.bin = program_folder();
  cluster.registry.enabled = false;
  return cluster;
}

base::Result<Cluster> load_cluster(const LoadOptions& options) {
  if (options.only_end) return empty_cluster(options);
  TRY(Loaded loaded, load_with(options, program_folder()));
  TRY(apply_sanitizers(loaded.cluster, options.sanitize));
  TRY(apply_mocks(loaded.cluster, options.mocks));
  return std::move(loaded.cluster);
}

}  // namespace spec
