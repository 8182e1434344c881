#include "supervisor/app/health.hpp"

#include <memory>

#include "base/json.hpp"

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

enum class Side : std::uint8_t { live, ready };

bool is_askable(spec::ProbeKind kind) {
  return kind == spec::ProbeKind::http || kind == spec::ProbeKind::tcp || kind == spec::ProbeKind::grpc;
}

// What is known without asking.
control::ProbeView known(const Patient& patient, Side side, bool has_probe) {
  const bool well = patient.state == State::ready || patient.state == State::completed;
  if (!has_probe) return {well, well ? "no probe" : std::string(core::name(patient.state)), {}};
  if (patient.watch == nullptr) return {well, std::string(core::name(patient.state)), {}};
  const Truth truth = side == Side::live ? patient.watch->live_truth() : patient.watch->ready_truth();
  return {truth.ok, truth.text, {}};
}

void ask(const std::shared_ptr<Round>& round, const Patient& patient, Side side,
         const std::optional<spec::Probe>& probe, ports::Prober& prober, control::ProbeView* slot) {
  const bool runs = core::has_process(patient.state) && patient.state != State::stopping;
  if (!runs || !probe || !is_askable(probe->kind)) {
    *slot = known(patient, side, probe.has_value());
    return;
  }
  const auto question = question_of(*patient.service, *probe);
  if (!question) {
    *slot = {false, question.error().message, {}};
    return;
  }
  ++round->open;
  prober.ask(question.value(), [round, slot](const ports::Answer& answer) {
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
    view.name = patients[i].service->instance.empty() ? patients[i].service->name : patients[i].service->instance;
    view.state = core::name(patients[i].state);
    const spec::Service& service = *patients[i].service;
    const bool lives_here = service.source != spec::Source::external;
    ask(round, patients[i], Side::live, lives_here ? service.live : std::nullopt, prober, &view.live);
    ask(round, patients[i], Side::ready, ready_probe_of(service), prober, &view.ready);
  }
  timers.after(std::chrono::milliseconds(0), [round] { round->close_one(); });
}

}  // namespace app
