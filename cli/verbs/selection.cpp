#include "cli/verbs/selection.hpp"

#include <algorithm>

namespace cli {

bool is_meant(const std::vector<std::string>& names, const std::string& instance) {
  return names.empty() || std::any_of(names.begin(), names.end(), [&](const std::string& name) {
           return name == instance || name == service_of(instance);
         });
}

base::Result<void> check_meant(const Place& place, const std::vector<std::string>& names,
                               const std::vector<control::ServiceView>& views) {
  for (const auto& name : names) {
    const auto means = [&](const auto& view) { return is_meant({name}, view.name); };
    if (std::any_of(views.begin(), views.end(), means)) continue;
    // The file knows the names as well, and can say which one was perhaps meant.
    const auto cluster = place.load();
    if (cluster) {
      TRY(check_names(cluster.value(), {name}));
    }
    return base::fail(base::ErrorCode::not_found, "the running cluster has no service `" + name + "`; see msctl ps");
  }
  return base::success();
}

base::Result<control::ServiceView> one_meant(const Place& place, const std::string& name,
                                             const std::vector<control::ServiceView>& views) {
  TRY(check_meant(place, {name}, views));
  const control::ServiceView* best = nullptr;
  for (const auto& view : views) {
    if (view.name == name && (view.pid || service_of(name) != name)) return view;
    if (!is_meant({name}, view.name)) continue;
    if (best == nullptr || (view.pid && !best->pid)) best = &view;
  }
  return *best;
}

base::Result<std::uint64_t> last_event(const control::Client& client) {
  TRY(const auto past, client.events(0, std::chrono::milliseconds(0)));
  return past.empty() ? std::uint64_t{0} : past.back().seq;
}

}  // namespace cli
