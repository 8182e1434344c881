#include "supervisor/registry/store.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/ids.hpp"
#include "supervisor/posix/file.hpp"
#include "supervisor/registry/bodies.hpp"

namespace registry {
namespace {

using base::Json;

constexpr std::size_t token_bytes = 32;

bool is_private(const std::filesystem::path& file) {
  struct stat info {};
  return ::lstat(file.c_str(), &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == ::geteuid() &&
         (info.st_mode & 077U) == 0;
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

bool is_token(const std::string& text) {
  return text.size() == 2 * token_bytes &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

bool is_kept(const Check* check) {
  const auto kind = check->definition.kind;
  return kind != CheckKind::supervisor && kind != CheckKind::maintenance;
}

Json entry_of(const Catalog& catalog, const Instance& instance) {
  auto checks = catalog.checks_of(instance);
  const auto maintenance = std::find_if(checks.begin(), checks.end(), [](const Check* check) {
    return check->definition.kind == CheckKind::maintenance;
  });
  const std::string reason = maintenance == checks.end() ? "" : (*maintenance)->definition.notes;
  std::erase_if(checks, [](const Check* check) { return !is_kept(check); });
  Json entry = service_body(instance.definition, checks);
  entry["Supervised"] = instance.supervised;
  if (!reason.empty()) entry["Maintenance"] = reason;
  return entry;
}

void restore(const Json& entry, Catalog& catalog) {
  auto definition = read_service(entry);
  if (!definition) return;
  const std::string id = definition.value().id;
  if (!catalog.register_service(std::move(definition).value())) return;
  if (const auto reason = entry.find("Maintenance"); reason != entry.end() && reason->is_string()) {
    static_cast<void>(catalog.set_maintenance(id, true, reason->get<std::string>()).has_value());
  }
  if (const auto supervised = entry.find("Supervised"); supervised != entry.end() && *supervised == true) {
    catalog.await_supervisor(id);
  }
}

}  // namespace

base::Result<std::string> take_token(const std::filesystem::path& file, base::Random& random) {
  if (is_private(file)) {
    auto kept = trimmed(posix::read_small_file(file.string()));
    if (is_token(kept)) return kept;
  }
  std::error_code missing;
  std::filesystem::remove(file, missing);
  const auto token = base::random_hex(random, token_bytes);
  TRY(posix::replace_file(file, token + "\n"));
  return token;
}

std::string to_book(const Catalog& catalog, std::uint16_t port) {
  Json services = Json::array();
  for (const auto* each : catalog.self_registered()) services.push_back(entry_of(catalog, *each));
  auto checks = catalog.node_checks();
  ServiceDefinition node;
  return base::dump_json_pretty(
             {{"port", port}, {"services", std::move(services)}, {"checks", service_body(node, checks)["Checks"]}}) +
         "\n";
}

std::uint16_t from_book(const std::string& book, Catalog& catalog) {
  const auto json = base::parse_json(book);
  if (!json || !json.value().is_object()) return 0;
  const auto& root = json.value();
  if (const auto services = root.find("services"); services != root.end() && services->is_array()) {
    for (const auto& entry : *services) restore(entry, catalog);
  }
  if (const auto checks = root.find("checks"); checks != root.end() && checks->is_array()) {
    for (const auto& entry : *checks) {
      auto check = read_check(base::dump_json(entry));
      if (check) static_cast<void>(catalog.register_check(std::move(check.value().check), "").has_value());
    }
  }
  const auto port = root.find("port");
  const bool good = port != root.end() && port->is_number_unsigned() && port->get<std::uint64_t>() <= 65535;
  return good ? port->get<std::uint16_t>() : 0;
}

}  // namespace registry
