#include <algorithm>

#include "supervisor/spec/resolve.hpp"
#include "supervisor/spec/secrets.hpp"
#include "supervisor/spec/source.hpp"

namespace spec {
namespace {

using base::ErrorCode;

void check_late(const Cluster& cluster, const LateText& late, const Outside& outside, Problems& problems) {
  const auto resolved = resolve_with(cluster, late.service, late.text, outside);
  if (!resolved) problems.add(base::fail(ErrorCode::malformed, late.where + ": " + resolved.error().message));
  for (const std::string& file : files_of(cluster, late.service, late.text)) {
    if (!names_a_secret(late.key) && !names_a_secret(std::filesystem::path(file).filename().string())) continue;
    const std::string why = open_to_others(file, shown_path(file, cluster.root));
    if (!why.empty()) problems.add(base::fail(ErrorCode::malformed, late.where + ": " + why));
  }
}

}  // namespace

base::Result<void> check_environment(const Cluster& cluster, const std::vector<std::string>& services) {
  Problems problems;
  const Outside outside = real_outside(cluster);
  for (const LateText& late : cluster.late_texts) {
    const bool counts = services.empty() || std::find(services.begin(), services.end(), late.service) != services.end();
    if (counts) check_late(cluster, late, outside, problems);
  }
  if (!problems.empty()) return problems.error();
  return base::success();
}

}  // namespace spec
