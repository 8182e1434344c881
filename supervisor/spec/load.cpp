#include "supervisor/spec/load.hpp"

#include <algorithm>
#include <string_view>
#include <system_error>

#include "supervisor/spec/decode.hpp"
#include "supervisor/spec/link.hpp"
#include "supervisor/spec/schema_validator.hpp"
#include "supervisor/spec/source.hpp"

namespace spec {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using base::Json;

constexpr std::string_view cluster_file = "msctl.yaml";
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

void merge(Json& into, const Json& over) {
  for (const auto& [key, value] : over.items()) {
    const auto it = into.find(key);
    if (it != into.end() && it->is_object() && value.is_object()) {
      merge(*it, value);
    } else {
      into[key] = value;
    }
  }
}

// A probe of one kind replaces one of the other, though maps are merged.
void drop_other_kinds(Json& into, const Json& over) {
  if (!into.contains("probes") || !over.contains("probes")) return;
  for (const char* name : {"ready", "live"}) {
    if (!into["probes"].contains(name) || !over["probes"].contains(name)) continue;
    const Json& wanted = over["probes"][name];
    Json& probe = into["probes"][name];
    if (wanted.contains("tcp")) probe.erase("http");
    if (wanted.contains("http")) probe.erase("tcp");
  }
}

class Loader {
 public:
  Loader(SourceFile file, fs::path root) : file_(std::move(file)), root_(std::move(root)) {}

  base::Result<Cluster> run(const fs::path& bin) {
    validate(file_, cluster_schema());
    if (!problems_.empty()) return problems_.error();
    const Json& value = file_.document.value;
    for (const auto& [name, entry] : value.at("services").items()) {
      if (problems_.full()) break;
      add_source(name, entry);
    }
    if (!problems_.empty()) return problems_.error();

    Cluster cluster = outline(value, bin);
    for (const auto& [name, source] : sources_) cluster.services.emplace(name, decode_service(source, problems_));
    link_services(cluster, file_, sources_, problems_);
    check_texts(cluster, file_, sources_, problems_);
    if (!problems_.empty()) return problems_.error();
    return cluster;
  }

 private:
  void validate(const SourceFile& file, const Json& schema) {
    for (const Violation& violation : violations(schema, file.document.value, max_problems)) {
      problems_.add(file, violation);
    }
  }

  void add_source(const std::string& name, const Json& entry) {
    ServiceSource source{.name = name, .cluster = &file_};
    source.folder = root_;
    source.merged = Json::object();
    if (entry.contains("path")) {
      const fs::path path(entry.at("path").get<std::string>());
      source.folder = (root_ / path).lexically_normal();
      if (!read_own(source, path)) return;
    }
    drop_other_kinds(source.merged, entry);
    merge(source.merged, entry);
    sources_.emplace(name, std::move(source));
  }

  bool read_own(ServiceSource& source, const fs::path& path) {
    const std::string shown_name = (path / service_file).lexically_normal().string();
    auto own =
        read_source(source.folder / service_file, is_printable(shown_name) ? shown_name : shown(Json(shown_name)));
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
                    "expected " + source.name + ", its key in " + file_.name + ", got " + shown(name));
    }
    return true;
  }

  static bool is_printable(const std::string& text) {
    for (const char c : text) {
      if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') return false;
    }
    return true;
  }

  Cluster outline(const Json& value, const fs::path& bin) const {
    Cluster cluster;
    cluster.name = value.value("name", label_of(root_.filename().string()));
    cluster.root = root_;
    cluster.state = root_ / ".msctl";
    cluster.bin = bin;
    cluster.broker = value.value("broker", "");
    if (value.contains("commands")) {
      for (const auto& [name, command] : value.at("commands").items()) cluster.commands[name] = decode_command(command);
    }
    if (value.contains("try_this")) value.at("try_this").get_to(cluster.try_this);
    return cluster;
  }

  SourceFile file_;
  fs::path root_;
  ServiceSources sources_;
  Problems problems_;
};

}  // namespace

base::Result<Cluster> load_cluster_with(const fs::path& file, const fs::path& bin) {
  std::error_code error;
  const fs::path root = fs::canonical(fs::absolute(file).parent_path(), error);
  if (error) return base::fail(ErrorCode::not_found, file.string() + ": no such file");
  TRY(SourceFile source, read_source(root / file.filename(), file.filename().string()));
  return Loader(std::move(source), root).run(bin);
}

base::Result<Cluster> load_cluster(const fs::path& file) {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return load_cluster_with(file, program.parent_path());
}

base::Result<Cluster> load_cluster(const LoadOptions& options) { return load_cluster(options.files.at(0)); }

base::Result<fs::path> find_cluster_file(const fs::path& start) {
  std::error_code error;
  const fs::path begin = fs::absolute(start, error).lexically_normal();
  for (fs::path folder = begin;; folder = folder.parent_path()) {
    if (fs::path file = folder / cluster_file; fs::is_regular_file(file, error)) return file;
    if (folder == folder.parent_path()) break;
  }
  return base::fail(ErrorCode::not_found,
                    "no msctl.yaml in " + begin.string() +
                        " or in a folder above it; change into a folder that has one, or write one"
                        " (docs/cluster-file.md begins with the smallest)");
}

}  // namespace spec
