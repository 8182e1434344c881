#include "cli/load/show.hpp"
#include "cli/load/units.hpp"
#include "cli/report/report.hpp"

namespace load {
namespace {

using base::Json;

report::Suite steps_suite(const Json& result) {
  report::Suite suite{"steps", {}};
  for (const auto& step : result.value("steps", Json::array())) {
    report::Case one;
    one.name = step.value("scenario", "") + ": " + step.value("name", "");
    one.seconds = step.value("latency_us", Json::object()).value("mean", 0.0) / 1e6;
    const double errors = step.value("errors", 0.0) + step.value("missed", 0.0);
    if (step.value("completed", 0.0) == 0) {
      one.outcome = errors == 0 ? report::Outcome::skipped : report::Outcome::failed;
      one.message = errors == 0 ? "no request" : "no request was answered as expected";
      one.detail = first_error(step);
    }
    suite.cases.push_back(std::move(one));
  }
  return suite;
}

}  // namespace

std::string show_junit(const Json& result) {
  report::Suite thresholds{"thresholds", {}};
  for (const auto& verdict : result.value("thresholds", Json::array())) {
    report::Case one;
    one.name = verdict.value("threshold", "");
    one.seconds = result.value("elapsed_s", 0.0);
    if (!verdict.value("held", false)) {
      one.outcome = report::Outcome::failed;
      one.message = "was " + verdict.value("actual", "");
    }
    thresholds.cases.push_back(std::move(one));
  }
  report::Suite generator{"generator", {}};
  report::Case spoiled;
  spoiled.name = "the generator kept to its schedule";
  const Json health = result.value("generator", Json::object());
  if (health.value("spoiled", false)) {
    // Not a failure of what was tested, so that a busy CI machine does not fail the build by itself.
    spoiled.outcome = report::Outcome::skipped;
    for (const auto& why : health.value("why", Json::array())) {
      spoiled.message += (spoiled.message.empty() ? "" : "; ") + why.get<std::string>();
    }
  }
  generator.cases.push_back(std::move(spoiled));
  return report::junit("msctl load: " + result.value("name", ""), {thresholds, steps_suite(result), generator});
}

}  // namespace load
