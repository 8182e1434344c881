#include <algorithm>

#include "supervisor/spec/resolve.hpp"
#include "supervisor/spec/secrets.hpp"
#include "supervisor/spec/source.hpp"

namespace spec {
namespace {

using base::ErrorCode;

void check_closed(const Cluster& cluster, const LateText& late, Problems& problems) {
  for (const std::string& file : files_of(cluster, late.service, late.text)) {
    if (!names_a_secret(late.key) && !is_secret_file(file, cluster.root)) continue;
    const std::string why = open_to_others(file, shown_path(file, cluster.root));
    if (!why.empty()) problems.add(base::fail(ErrorCode::malformed, late.where + ": " + why));
  }
}

bool counts(const LateText& late, const std::vector<std::string>& services) {
  return services.empty() || std::find(services.begin(), services.end(), late.service) != services.end();
}

base::Result<void> outcome(const Problems& problems) {
  if (!problems.empty()) return problems.error();
  return base::success();
}

}  // namespace

base::Result<void> check_environment(const Cluster& cluster, const std::vector<std::string>& services) {
  Problems problems;
  const Outside outside = real_outside(cluster);
  for (const LateText& late : cluster.late_texts) {
    if (!counts(late, services)) continue;
    const auto resolved = resolve_with(cluster, late.service, late.text, outside);
    if (!resolved) problems.add(base::fail(ErrorCode::malformed, late.where + ": " + resolved.error().message));
    check_closed(cluster, late, problems);
  }
  return outcome(problems);
}

base::Result<void> check_secret_files(const Cluster& cluster, const std::vector<std::string>& services) {
  Problems problems;
  for (const LateText& late : cluster.late_texts) {
    if (counts(late, services)) check_closed(cluster, late, problems);
  }
  return outcome(problems);
}

}  // namespace spec
