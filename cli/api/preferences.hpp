#pragma once
// compatibility.yaml: which rules of compatibility a service keeps. One beside msctl.yaml counts for all services, one
// beside a service.yaml for that service, key by key. Pure but for reading them.
//
//   api:
//     use: [WIRE_JSON, REST]             # rules and categories
//     except: [RPC_SAME_IDEMPOTENCY_LEVEL]
//     ignore: [services/user/proto/internal.proto, user.v1.Draft]
//     ignore_only: {FIELD_SAME_NAME: [user.v1.User]}
//   events:
//     default: FULL_TRANSITIVE
//     order.placed: BACKWARD

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "supervisor/spec/cluster.hpp"

namespace api {

struct Preferences {
  std::vector<std::string> use;  // empty: the default
  std::vector<std::string> except;
  std::vector<std::string> ignore;                              // files, folders, names of elements or packages
  std::map<std::string, std::vector<std::string>> ignore_only;  // the same by rule
  std::map<std::string, std::string> events;                    // type or `default` to mode, as written
};

inline constexpr auto preferences_file = "compatibility.yaml";

// Errors: malformed, a sentence with file and line.
base::Result<Preferences> read_preferences(const spec::Cluster& cluster, const spec::Service& service);

// Whether one of these files, folders or names means `file` or `subject`.
bool is_ignored(const std::vector<std::string>& ignored, const std::string& file, const std::string& subject);

}  // namespace api
