// Pattern 1. Each service is a process of its own from a program of its own: no program holds the tables of another
// service's migrations, and each gRPC port serves the service of its own proto and no other one's.

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "cli/verify/patterns/patterns.hpp"
#include "cli/verify/services.hpp"

namespace verify::services {
namespace {

namespace fs = std::filesystem;

struct Kept {
  std::string name;
  int pid = 0;
  std::uint16_t grpc_port = 0;
  std::set<std::string> tables;        // that its migrations make
  std::vector<std::string> published;  // gRPC services of its proto, "user.v1.UserService"
};

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::vector<fs::path> files_in(const fs::path& folder, const std::string& extension) {
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == extension) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The word after each `keyword` that begins a line.
std::vector<std::string> words_after(const std::string& text, const std::string& keyword) {
  std::vector<std::string> words;
  for (std::size_t at = text.find(keyword); at != std::string::npos; at = text.find(keyword, at + 1)) {
    if (at > 0 && text[at - 1] != '\n') continue;
    const std::size_t begin = at + keyword.size();
    words.push_back(text.substr(begin, text.find_first_of(" ;({\n", begin) - begin));
  }
  return words;
}

Kept kept(const spec::Service& service, int pid) {
  Kept one{service.name, pid, port_of(service, "grpc"), {}, {}};
  for (const auto& file : files_in(service.home / "migrations", ".sql")) {
    const std::string text = read(file);
    for (auto& table : words_after(text, "CREATE TABLE ")) one.tables.insert(std::move(table));
    for (const auto& table : words_after(text, "ALTER TABLE ")) {
      const auto& renamed = words_after(text, "ALTER TABLE " + table + " RENAME TO ");
      if (!renamed.empty() && one.tables.erase(table) == 1) one.tables.insert(renamed.front());
    }
  }
  for (const auto& file : files_in(service.home / "proto", ".proto")) {
    const std::string text = read(file);
    const auto packages = words_after(text, "package ");
    for (const auto& name : words_after(text, "service ")) {
      one.published.push_back(packages.empty() ? name : packages.front() + "." + name);
    }
  }
  return one;
}

// The table is the service's own only when no other one makes one of the same name, as each makes its `outbox_event`.
std::set<std::string> only_of(const Kept& service, const std::vector<Kept>& all) {
  std::set<std::string> own = service.tables;
  for (const auto& other : all) {
    if (other.name == service.name) continue;
    for (const auto& table : other.tables) own.erase(table);
  }
  return own;
}

base::Result<void> look_into_programs(World& world, const std::vector<Kept>& all, std::vector<std::string>& seen) {
  std::map<std::string, std::string> owners;  // of tables that only one service makes
  for (const auto& owner : all) {
    const auto own = only_of(owner, all);
    for (const auto& table : own) owners[table] = owner.name;
    if (!own.empty()) seen.push_back(in_words({own.begin(), own.end()}) + " of " + owner.name);
  }
  for (const auto& holder : all) {
    TRY(const auto text, world.program_text(holder.pid));
    // One walk over the text, since programs are large.
    static constexpr std::string_view making = "CREATE TABLE ";
    for (auto at = text.find(making); at != std::string::npos; at = text.find(making, at + 1)) {
      const auto begin = at + making.size();
      const auto owner = owners.find(text.substr(begin, std::min(text.find(" (", begin), begin + 64) - begin));
      if (owner == owners.end() || owner->second == holder.name) continue;
      return base::fail(base::ErrorCode::invalid, "the program of " + holder.name + " (pid " +
                                                      std::to_string(holder.pid) + ") holds the table " + owner->first +
                                                      " of " + owner->second);
    }
  }
  return base::success();
}

base::Result<void> ask_ports(World& world, const std::vector<Kept>& all, std::vector<std::string>& seen) {
  for (const auto& owner : all) {
    for (const auto& service : owner.published) {
      for (const auto& asked : all) {
        if (asked.grpc_port == 0) continue;
        const std::string status = world.grpc_health(asked.grpc_port, service);
        const bool serves = status == "SERVING";
        if (serves == (asked.name == owner.name)) continue;
        return base::fail(base::ErrorCode::invalid, asked.name + "'s gRPC port says of " + service + ": " + status);
      }
      if (owner.grpc_port != 0) seen.push_back(service);
    }
  }
  return base::success();
}

}  // namespace

base::Result<Finding> look(World& world) {
  TRY(const auto instances, world.instances());
  std::vector<Kept> all;
  std::map<int, std::string> pids;
  std::vector<std::string> running;
  for (const auto* service : rest_services(world.cluster())) {
    for (const auto& one : instances) {
      if (one.service != service->name || !one.pid) continue;
      const auto [at, is_new] = pids.emplace(*one.pid, service->name);
      if (!is_new) return failed(service->name + " runs in the process of " + at->second);
      if (one.name != service->name) continue;
      all.push_back(kept(*service, *one.pid));
      running.push_back(one.name + " (" + std::to_string(*one.pid) + ")");
    }
  }
  if (all.size() < 2) return absent("Fewer than two services run that the gateway leads to, so nothing is apart.");
  std::vector<std::string> tables;
  TRY(look_into_programs(world, all, tables));
  std::vector<std::string> published;
  TRY(ask_ports(world, all, published));
  std::string text = in_words(running) + " are processes of their own.";
  if (!tables.empty()) text += " No program but its own holds the tables " + in_words(tables) + ".";
  if (!published.empty()) text += " " + in_words(published) + " answer on the port of their service and on no other.";
  return passed(text);
}

}  // namespace verify::services
