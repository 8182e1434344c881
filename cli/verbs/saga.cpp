#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include "base/json_text.hpp"
#include "cli/saga/view.hpp"
#include "cli/session/operations.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

using base::ErrorCode;
using base::Json;

constexpr int page = 100;  // sagas that are asked for at once
constexpr const char* any_state = "any";

struct SagaOptions {
  PlaceOptions place;
  std::string action;
  std::vector<std::string> words;  // list: services; show: ids
  std::string state = any_state;
  int limit = 20;
  Format format = Format::table;
};

std::int64_t now_us() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

// Who may have sagas: it tells others by events what to do. Whether it really has any, its door says.
std::vector<std::string> publishers(const spec::Cluster& cluster) {
  std::vector<std::string> names;
  for (const auto& [name, service] : cluster.services) {
    if (!service.publishes.empty()) names.push_back(name);
  }
  return names;
}

class Doors {
 public:
  Doors(const Place& place, std::vector<control::ServiceView> views) : place_(place), views_(std::move(views)) {}

  base::Result<Json> ask(const std::string& service, const Json& request) const {
    return operate(place_, views_, service, "saga", request);
  }

  // The newest of one service, at most `limit`.
  base::Result<void> read(const std::string& service, const SagaOptions& options, Json& into) const {
    Json request{{"do", "list"}};
    if (options.state != any_state) request["state"] = options.state;
    for (int left = options.limit; left > 0;) {
      request["limit"] = std::min(left, page);
      TRY(const auto told, ask(service, request));
      const Json sagas = told.value("sagas", Json::array());
      for (const auto& one : sagas) {
        Json named{{"service", service}};
        named.update(one);
        into.push_back(std::move(named));
      }
      left -= static_cast<int>(sagas.size());
      const auto next = base::text_at(told, "next");
      if (next.empty() || sagas.empty()) break;
      request["after"] = next;
    }
    return base::success();
  }

 private:
  const Place& place_;
  std::vector<control::ServiceView> views_;
};

base::Error nobody(const base::Error* why) {
  return why != nullptr ? *why : base::fail(ErrorCode::not_found, "no service of this cluster has sagas");
}

base::Result<Json> listed(const Doors& doors, const SagaOptions& options, const spec::Cluster& cluster) {
  TRY(check_names(cluster, options.words));
  Json sagas = Json::array();
  std::optional<base::Error> away;  // a service that does not run has none to tell of, and may be the one
  bool any = false;
  for (const auto& service : options.words.empty() ? publishers(cluster) : options.words) {
    const auto read = doors.read(service, options, sagas);
    any = any || read.has_value();
    if (read) continue;
    if (!options.words.empty()) return read.error();
    if (read.error().code != ErrorCode::not_found) away = read.error();
  }
  if (!any) return nobody(away ? &*away : nullptr);
  saga::sort_newest_first(sagas);
  const auto most = static_cast<std::size_t>(options.limit);
  if (sagas.size() > most) sagas.erase(sagas.begin() + options.limit, sagas.end());
  return sagas;
}

base::Result<Json> found(const Doors& doors, const std::string& id, const spec::Cluster& cluster) {
  std::optional<base::Error> away;
  for (const auto& service : publishers(cluster)) {
    auto told = doors.ask(service, {{"do", "show"}, {"id", id}});
    if (told) {
      Json named{{"service", service}};
      named.update(told.value());
      return named;
    }
    if (told.error().code != ErrorCode::not_found) away = told.error();
  }
  if (away) return *away;
  return base::fail(ErrorCode::not_found, "there is no saga " + id + "; msctl saga list shows what there is");
}

base::Result<int> list(const Doors& doors, const SagaOptions& options, const spec::Cluster& cluster) {
  TRY(const auto sagas, listed(doors, options, cluster));
  if (options.format != Format::table) {
    print(format_document(sagas, options.format));
  } else if (sagas.empty()) {
    say(options.state == any_state ? "there is no saga yet" : "no saga is " + options.state);
  } else {
    print(saga::table(sagas, now_us(), Style::for_descriptor(STDOUT_FILENO)));
  }
  return int{ok};
}

base::Result<int> show(const Doors& doors, const SagaOptions& options, const spec::Cluster& cluster) {
  if (options.words.empty()) {
    return base::fail(ErrorCode::invalid, "name its id, which msctl saga list shows: msctl saga show ID");
  }
  Json sagas = Json::array();
  std::vector<base::Error> missing;
  for (const auto& id : options.words) {
    auto one = found(doors, id, cluster);
    if (one) {
      sagas.push_back(std::move(one).value());
    } else {
      missing.push_back(one.error());
    }
  }
  if (options.format != Format::table && !sagas.empty()) {
    print(format_document(options.words.size() == 1 ? sagas.front() : sagas, options.format));
  } else {
    const auto style = Style::for_descriptor(STDOUT_FILENO);
    for (std::size_t i = 0; i < sagas.size(); ++i) print((i > 0 ? "\n" : "") + saga::story(sagas[i], now_us(), style));
  }
  int code = ok;
  for (const auto& error : missing) code = std::max(code, report(error));
  return code;
}

base::Result<int> run_saga(const SagaOptions& options) {
  TRY(const auto place, find_place(options.place));
  TRY(const auto cluster, place.load());
  TRY(auto views, running_services(place));
  const Doors doors(place, std::move(views));
  return options.action == "list" ? list(doors, options, cluster) : show(doors, options, cluster);
}

}  // namespace

void add_saga(Verbs& verbs) {
  auto options = std::make_shared<SagaOptions>();
  verbs.add("saga", "Show the sagas of the cluster: how far each order is, and what was undone")
      .operand("ACTION", options->action, {"list", "show"}, "list them, or show one whole with its steps")
      .operands("WORD", options->words, "list: services; show: ids as list shows them")
      .choice("--state", options->state, {any_state, "running", "compensating", "completed", "compensated"},
              "list: only those in this state")
      .option("-n,--limit", options->limit, "N", "list: at most this many, the newest ones")
      .option("-f,--file", options->place.files, "FILE", "Cluster file; later ones are laid over earlier ones")
      .option("--profile", options->place.profiles, "NAME", "Include the services of this profile")
      .output(options->format)
      .footer(
          "Examples:\n  msctl saga list\n  msctl saga list --state compensating\n"
          "  msctl saga show 019ac5d2-7f3e-7c41-b5a0-2d1f5e6a7b8c\n  msctl saga list -n 1000 --output json\n\n"
          "running: goes forward; compensating: what was done is being undone; completed and compensated: over.\n"
          "See docs/patterns/saga.md.")
      .run([options] {
        const auto code = run_saga(*options);
        return code ? code.value() : report(code.error());
      });
}

}  // namespace cli
