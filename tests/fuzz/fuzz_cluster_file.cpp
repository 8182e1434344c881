// Bytes as the files of a cluster: `msctl.yaml`, then behind lines of `%%` a service.yaml in `a`, a file laid over the
// first, and an env file. Whatever they hold, loading ends with a cluster or with a sentence; a cluster can be shown,
// and what is shown loads again.
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "supervisor/spec/cluster.hpp"
#include "supervisor/spec/config_view.hpp"

namespace {

namespace fs = std::filesystem;

constexpr std::string_view separator = "\n%%\n";
constexpr std::array names{"msctl.yaml", "a/service.yaml", "over.yaml", "x.env"};

struct Folder {
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "msctl-fuzz-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path = pattern;
    fs::create_directories(path / "a");
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  fs::path path;
};

void require(bool holds, const char* what, const std::string& detail) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n%s\n", what, detail.c_str());
  std::abort();
}

void write(const fs::path& file, std::string_view text) {
  std::ofstream(file, std::ios::binary) << text;
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
}

// Writes the parts; returns how many there are.
std::size_t write_parts(const fs::path& folder, std::string_view whole) {
  for (const char* name : names) fs::remove(folder / name);
  std::size_t count = 0;
  for (const char* name : names) {
    const std::size_t end = whole.find(separator);
    write(folder / name, whole.substr(0, end));
    ++count;
    if (end == std::string_view::npos) break;
    whole.remove_prefix(end + separator.size());
  }
  return count;
}

void use(const spec::Cluster& cluster) {
  (void)spec::check_environment(cluster);
  for (const auto& [name, service] : cluster.services) {
    require(!name.empty() && name.size() <= 63, "names are DNS labels", name);
    require(service.replicas >= 1 && service.replicas <= 100, "replicas are within bounds", name);
    (void)spec::service_config(cluster, spec::instance_of(service, 2));
    for (const std::string& word : service.command) (void)spec::resolve(cluster, name, word);
    for (const spec::Dependency& on : service.depends_on) {
      require(cluster.services.contains(on.service), "dependencies are there", name + " on " + on.service);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  const std::string_view whole(reinterpret_cast<const char*>(data), size);
  spec::LoadOptions options;
  const std::size_t parts = write_parts(folder.path, whole);
  options.files.push_back(folder.path / names[0]);
  if (parts > 2) options.files.push_back(folder.path / names[2]);
  if (parts > 3) options.env_files.push_back(folder.path / names[3]);
  options.profiles = {};
  const auto cluster = spec::load_cluster(options);
  if (!cluster) {
    require(!cluster.error().message.empty(), "errors say something", "");
    return 0;
  }
  use(cluster.value());
  const auto view = spec::view_config(options, {});
  require(view.has_value(), "what loads can be shown", view ? "" : view.error().message);
  const std::string text = base::dump_json(view.value().value);
  if (text.size() > (1 << 20)) return 0;
  write(folder.path / "view.yaml", text);
  spec::LoadOptions again;
  again.files.push_back(folder.path / "view.yaml");
  const auto second = spec::load_cluster(again);
  require(second.has_value(), "what is shown loads", second ? "" : second.error().message + "\n" + text);
  return 0;
}
