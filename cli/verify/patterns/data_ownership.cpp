// Pattern 8. A service's database is reached by that service alone. SQLite: only its own processes have its files open,
// and no other user can read them. PostgreSQL: its role is refused at every other database.

#include <algorithm>
#include <set>

#include "cli/verify/patterns/patterns.hpp"
#include "cli/verify/services.hpp"

namespace verify::data_ownership {
namespace {

namespace fs = std::filesystem;

bool is_below(const fs::path& path, const fs::path& folder) {
  const auto [end, at] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end() && at != path.end();
}

struct Files {
  std::map<std::string, std::set<fs::path>> own;  // service with a database to what it has open of its folder
};

// Who has files open in whose folder below data/.
base::Result<Files> open_files(World& world, const std::vector<control::ServiceView>& instances) {
  Files files;
  for (const auto& one : instances) {
    if (!one.pid) continue;
    for (const auto& file : world.open_files(*one.pid)) {
      for (const auto& [owner, service] : world.cluster().services) {
        if (service.database.empty() || !is_below(file, world.cluster().state / "data" / owner)) continue;
        if (owner == one.service) {
          files.own[owner].insert(file);
          continue;
        }
        return base::fail(base::ErrorCode::permission, one.name + " (pid " + std::to_string(*one.pid) + ") has " +
                                                           file.filename().string() + " of " + owner + " open");
      }
    }
  }
  return files;
}

base::Result<std::string> sqlite(World& world, const std::vector<control::ServiceView>& instances,
                                 const std::vector<std::string>& names) {
  TRY(const auto files, open_files(world, instances));
  std::vector<std::string> seen;
  for (const auto& name : names) {
    const auto folder = world.cluster().state / "data" / name;
    const auto own = files.own.find(name);
    if (own == files.own.end()) {
      return base::fail(base::ErrorCode::invalid,
                        name + " has no file open in " + folder.string() + ", where its database should be");
    }
    std::error_code failed;
    const auto mode = fs::status(folder, failed).permissions();
    if (failed || (mode & (fs::perms::group_all | fs::perms::others_all)) != fs::perms::none) {
      return base::fail(base::ErrorCode::permission, folder.string() + " is open to other users");
    }
    seen.push_back(name + " (" + std::to_string(own->second.size()) + " files)");
  }
  return "Of " + std::to_string(instances.size()) + " processes only " + in_words(seen) +
         " have the files of their own database open, and nobody has another one's; their folders are closed to other "
         "users.";
}

base::Result<std::string> psql_program(World& world) {
  Ask ask;
  ask.argv = {"/bin/sh", "-c", "command -v psql || ls /usr/lib/postgresql/*/bin/psql 2>/dev/null | tail -n 1"};
  TRY(const auto output, world.run(ask));
  const std::string path = output.out.substr(0, output.out.find('\n'));
  if (path.empty()) return base::fail(base::ErrorCode::not_found, "psql is not installed");
  return path;
}

// As values stand in a connection string of libpq.
std::string quoted(const std::string& text) {
  std::string value = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') value += '\\';
    value += c;
  }
  return value + "'";
}

base::Result<program::Output> log_in(World& world, const std::string& psql, const std::string& role,
                                     const std::string& database) {
  const auto& cluster = world.cluster();
  const auto port = port_of(cluster.services.at(cluster.postgres), "client");
  Ask ask;
  ask.argv = {
      psql,
      "--no-psqlrc",
      "--no-password",
      "-h",
      "127.0.0.1",
      "-p",
      std::to_string(port),
      "-U",
      role,
      "-d",
      "dbname=" + quoted(database) + " passfile=" + quoted((cluster.state / "postgres" / (role + ".pgpass")).string()),
      "-tAc",
      "SELECT 1"};
  ask.timeout = Ms(4000);
  return world.run(ask);
}

base::Result<std::string> postgres(World& world, const std::vector<std::string>& names) {
  TRY(const auto psql, psql_program(world));
  std::size_t refused = 0;
  for (const auto& role : names) {
    TRY(const auto own, log_in(world, psql, role, role));
    if (own.exit_code != 0) {
      return base::fail(base::ErrorCode::invalid, role + " cannot reach its own database: " + own.err);
    }
    for (const auto& database : names) {
      if (database == role) continue;
      TRY(const auto other, log_in(world, psql, role, database));
      if (other.exit_code == 0) {
        return base::fail(base::ErrorCode::permission, "the role " + role + " can log in to the database " + database);
      }
      if (other.err.find("permission denied") == std::string::npos) {
        return base::fail(base::ErrorCode::invalid, role + " at the database " + database + ": " + other.err);
      }
      ++refused;
    }
  }
  return "The roles " + in_words(names) + " reach their own PostgreSQL databases and were refused " +
         std::to_string(refused) + " times at others'.";
}

}  // namespace

base::Result<Finding> look(World& world) {
  std::vector<std::string> in_files;
  std::vector<std::string> in_postgres;
  for (const auto& [name, service] : world.cluster().services) {
    if (service.database == "sqlite") in_files.push_back(name);
    if (service.database == "postgres" && !world.cluster().postgres.empty()) in_postgres.push_back(name);
  }
  if (in_files.size() + in_postgres.size() < 2)
    return absent("Fewer than two services of this cluster have a database.");
  TRY(const auto instances, world.instances());
  std::vector<std::string> seen;
  if (!in_files.empty()) {
    TRY(auto text, sqlite(world, instances, in_files));
    seen.push_back(std::move(text));
  }
  if (!in_postgres.empty()) {
    auto text = postgres(world, in_postgres);
    if (!text && text.error().code == base::ErrorCode::not_found) return skipped(text.error().message + ".");
    TRY(auto sentence, std::move(text));
    seen.push_back(std::move(sentence));
  }
  return passed(seen.size() == 1 ? seen[0] : seen[0] + " " + seen[1]);
}

}  // namespace verify::data_ownership
