#include "supervisor/app/health.hpp"

#include <memory>

#include "base/json.hpp"
#include "supervisor/app/watch.hpp"

namespace app {
namespace {

using core::State;

struct Round {
  control::HealthReport report;
  std::size_t open = 1;  // the call itself, so that the end is not reached before all are asked
  std::function<void(control::HealthReport)> callback;

  void close_one() {
    if (--open > 0) return;
    report.ready = !report.services.empty();
    for (const auto& view : report.services) {
      const bool well = view.state == core::name(State::ready) || view.state == core::name(State::completed);
      report.ready = report.ready && well && view.live.ok && view.ready.ok;
    }
    callback(std::move(report));
  }
};

void ask(const std::shared_ptr<Round>& round, const Patient& patient, const std::optional<spec::Probe>& probe,
         ports::Prober& prober, control::ProbeView* slot) {
  const std::string state(core::name(patient.state));
  const bool runs = core::has_process(patient.state) && patient.state != State::stopping;
  const auto question = probe && runs ? question_of(*patient.service, *probe) : std::nullopt;
  if (!question) {
    const bool well = patient.state == State::ready || patient.state == State::completed;
    *slot = {well, well && !probe ? "no probe" : state, {}};
    return;
  }
  ++round->open;
  prober.ask(*question, [round, slot](const ports::Answer& answer) {
    *slot = read_answer(answer);
    round->close_one();
  });
}

bool check_is_ok(const base::Json& check) {
  if (check.is_boolean()) return check.get<bool>();
  if (!check.is_object()) return false;
  const auto status = check.find("status");
  return status != check.end() && (*status == "up" || *status == "ok" || *status == "ready");
}

}  // namespace

control::ProbeView read_answer(const ports::Answer& answer) {
  control::ProbeView view{answer.ok, answer.ok ? "ok" : answer.problem, {}};
  const auto body = base::parse_json(answer.body);
  if (!body || !body.value().is_object()) return view;
  const auto status = body.value().find("status");
  if (status != body.value().end() && status->is_string()) view.status = status->get<std::string>();
  const auto checks = body.value().find("checks");
  if (checks == body.value().end() || !checks->is_object()) return view;
  for (const auto& [name, check] : checks->items()) {
    view.checks.push_back({name, check_is_ok(check), check.is_object() ? check : base::Json::object()});
  }
  return view;
}

void examine(const std::vector<Patient>& patients, ports::Prober& prober, ports::Timers& timers,
             std::function<void(control::HealthReport)> callback) {
  auto round = std::make_shared<Round>();
  round->callback = std::move(callback);
  round->report.services.resize(patients.size());
  for (std::size_t i = 0; i < patients.size(); ++i) {
    auto& view = round->report.services[i];
    view.name = patients[i].service->name;
    view.state = core::name(patients[i].state);
    ask(round, patients[i], patients[i].service->live, prober, &view.live);
    ask(round, patients[i], patients[i].service->ready, prober, &view.ready);
  }
  timers.after(std::chrono::milliseconds(0), [round] { round->close_one(); });
}

}  // namespace app
