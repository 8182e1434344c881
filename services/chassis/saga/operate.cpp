// What an operator may ask of sagas.
#include "services/chassis/saga/saga.hpp"
#include "services/chassis/saga/store.hpp"

namespace chassis {

using base::Json;
using base::Result;
using saga::Instance;
using saga::Phase;

namespace {

constexpr std::int64_t usual_limit = 100;
constexpr std::int64_t most = 1'000;

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

base::Error expected() {
  return base::fail(
      base::ErrorCode::malformed,
      R"(expected {"do": "list"} with "state", "limit" or "after", or {"do": "show", "id": ID}; "state" is )"
      R"(running, compensating, completed or compensated, "limit" from 1 to 1000)");
}

struct Asked {
  std::string what;
  std::optional<Phase> phase;
  std::int64_t limit = usual_limit;
  std::string id;  // or after which
};

// An empty text is as good as none.
Result<std::string> text_of(const Json& request, const std::string& key) {
  const auto found = request.find(key);
  if (found == request.end() || found->is_null()) return std::string();
  if (!found->is_string()) return expected();
  return found->get<std::string>();
}

Result<Asked> read(const Json& request) {
  if (!request.is_object()) return expected();
  Asked asked;
  TRY(asked.what, text_of(request, "do"));
  const bool is_list = asked.what == "list";
  if (!is_list && asked.what != "show") return expected();
  for (const auto& [key, value] : request.items()) {
    const bool is_of_list = key == "state" || key == "limit" || key == "after";
    if (key != "do" && (is_list ? !is_of_list : key != "id")) return expected();
  }
  TRY(asked.id, text_of(request, is_list ? "after" : "id"));
  if (!is_list && asked.id.empty()) return expected();
  TRY(const auto state, text_of(request, "state"));
  asked.phase = saga::phase_of(state);
  if (!state.empty() && !asked.phase) return expected();
  if (const auto limit = request.find("limit"); limit != request.end()) {
    if (!limit->is_number_integer() || *limit < 1 || *limit > most) return expected();
    asked.limit = limit->get<std::int64_t>();
  }
  return asked;
}

Json told(const saga::Definition& definition, const Instance& instance) {
  const bool is_waiting = instance.state.phase == Phase::running || instance.state.phase == Phase::compensating;
  Json json{{"id", instance.id},
            {"kind", definition.kind},
            {"state", saga::name_of(instance.state.phase)},
            {"step", nullptr},
            {"reason", or_null(instance.state.reason)},
            {"started_at", instance.started_at},
            {"updated_at", instance.updated_at},
            {"deadline", nullptr},
            {"retries", instance.retries}};
  if (is_waiting) json["step"] = definition.steps.at(instance.state.step).name;
  if (instance.deadline) {
    json["deadline"] = base::to_rfc3339(base::Wall(std::chrono::milliseconds(*instance.deadline)));
  }
  return json;
}

// All steps of the definition; those that were begun have a row.
Result<Json> steps_of(db::Transaction& tx, const saga::Definition& definition, const Instance& instance) {
  const bool may_begin = instance.state.phase == Phase::running;
  Json steps = Json::array();
  for (const auto& step : definition.steps) {
    steps.push_back({{"name", step.name},
                     {"state", may_begin ? "waiting" : "skipped"},
                     {"started_at", nullptr},
                     {"ended_at", nullptr},
                     {"attempts", 0},
                     {"detail", nullptr}});
  }
  TRY(const auto begun, saga::list_steps(tx, instance.id));
  for (const auto& [position, row] : begun) {
    if (position < steps.size()) steps[position].update(row);
  }
  return steps;
}

Result<Json> list(db::Transaction& tx, const saga::Definition& definition, const Asked& asked) {
  // One more than asked for tells whether there is a next page.
  TRY(auto found, saga::list_instances(tx, definition.kind, asked.phase, asked.id, asked.limit + 1));
  const bool has_more = found.size() > static_cast<std::size_t>(asked.limit);
  if (has_more) found.pop_back();
  Json sagas = Json::array();
  for (const auto& instance : found) sagas.push_back(told(definition, instance));
  return Json{{"sagas", std::move(sagas)}, {"next", has_more ? Json(found.back().id) : Json()}};
}

Result<Json> show(db::Transaction& tx, const saga::Definition& definition, const std::string& id) {
  TRY(const auto found, saga::find_instance(tx, definition.kind, id));
  if (!found) return base::fail(base::ErrorCode::not_found, "there is no saga " + id);
  auto json = told(definition, *found);
  TRY(json["steps"], steps_of(tx, definition, *found));
  return json;
}

}  // namespace

base::Task<Result<Json>> Saga::operate(Json request) {
  CO_TRY(const auto asked, read(request));
  std::function<Result<Json>(db::Transaction&)> look = [asked, definition = definition_](db::Transaction& tx) {
    return asked.what == "list" ? list(tx, definition, asked) : show(tx, definition, asked.id);
  };
  co_return co_await database_.read<Json>(env_.clock.monotonic() + saga::patience, std::move(look));
}

}  // namespace chassis
