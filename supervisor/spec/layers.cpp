#include "supervisor/spec/layers.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace spec {
namespace {

using base::Json;

constexpr std::array probe_kinds{"http", "tcp", "grpc", "exec", "log", "notify"};
// What only belongs to a process or container of ours.
constexpr std::array own_keys{"command",  "image",     "folder",   "env",           "env_files",  "sockets", "replicas",
                              "database", "probes",    "restart",  "stop_grace_ms", "resources",  "logs",    "build",
                              "limits",   "publishes", "consumes", "calls",         "depends_on", "gateway"};

using Combine = void (*)(Json& into, const Json& over);

void put(Json& into, const std::string& key, const Json& value, Combine combine) {
  const auto it = into.find(key);
  if (it == into.end()) {
    into[key] = value;
  } else if (it->is_object() && value.is_object()) {
    combine(*it, value);
  } else {
    *it = value;
  }
}

void merge(Json& into, const Json& over) {
  for (const auto& [key, value] : over.items()) put(into, key, value, merge);
}

// As merge, but by an index of the names, since a search goes through all keys.
void merge_services(Json& into, const Json& over) {
  std::unordered_map<std::string, std::size_t> index;
  auto& members = static_cast<Json::object_t::Container&>(into.get_ref<Json::object_t&>());
  for (std::size_t i = 0; i < members.size(); ++i) index.emplace(members[i].first, i);
  for (const auto& [name, entry] : over.items()) {
    const auto known = index.find(name);
    if (known != index.end()) {
      overlay_service(members[known->second].second, entry);
    } else {
      members.emplace_back(name, entry);
    }
  }
}

void drop_other_kinds(Json& into, const Json& over) {
  if (!into.contains("probes") || !over.contains("probes")) return;
  for (const auto& [name, wanted] : over["probes"].items()) {
    const auto has = [&wanted = wanted](const char* kind) { return wanted.contains(kind); };
    if (!into["probes"].contains(name) || std::none_of(probe_kinds.begin(), probe_kinds.end(), has)) continue;
    Json& probe = into["probes"][name];
    std::size_t erased = 0;
    for (const char* kind : probe_kinds) {
      if (!wanted.contains(kind)) erased += probe.erase(kind);
    }
    if (erased == 0) continue;
    for (const char* key : {"port", "service"}) probe.erase(key);
  }
}

void drop_other_source(Json& into, const Json& over) {
  if (over.contains("external")) {
    for (const char* key : own_keys) into.erase(key);
  } else if (over.contains("image") || over.contains("command")) {
    into.erase("external");
    if (!into.contains("image") && over.contains("image")) into.erase("command");
  }
}

}  // namespace

void overlay_service(Json& into, const Json& over) {
  drop_other_source(into, over);
  drop_other_kinds(into, over);
  merge(into, over);
}

void Layers::add(SourceFile file) {
  const Json& over = file.document.value;
  if (files_.empty()) {
    value_ = over;
  } else {
    for (const auto& [key, value] : over.items()) put(value_, key, value, key == "services" ? merge_services : merge);
  }
  files_.push_back(std::move(file));
}

const SourceFile& Layers::owner(const std::string& pointer) const {
  for (std::string at = pointer;; at.erase(at.rfind('/'))) {
    for (auto file = files_.rbegin(); file != files_.rend(); ++file) {
      if (file->document.lines.contains(at)) return *file;
    }
    if (at.find('/') == std::string::npos) return files_.front();
  }
}

bool Layers::has(const std::string& pointer) const {
  return std::any_of(files_.begin(), files_.end(),
                     [&](const SourceFile& file) { return file.document.lines.contains(pointer); });
}

void Layers::report(Problems& problems, const std::string& pointer, const std::string& message) const {
  problems.add(owner(pointer), pointer, message);
}

}  // namespace spec
