#pragma once
// The search for the highest rate at which a rule holds: doubling, then halving the interval, then a longer run that
// confirms it. The number of runs is bounded. Pure: the runs are the caller's.

#include <functional>
#include <string>

#include "base/json.hpp"
#include "base/result.hpp"

namespace load {

struct SearchLimits {
  double first = 100;     // the rate to begin with
  double trial_s = 4;     // of one run
  double confirm_s = 10;  // of the last one
  int most_trials = 18;   // without the confirming ones
  int most_confirms = 4;
  double precise = 1.04;  // the search ends when the bounds are as near as that
  double highest = 2e6;

  // `duration` as given on the command line, or empty.
  static SearchLimits of(double first, const std::string& duration);
};

// Runs `rate` for so many seconds and gives the result with its verdicts.
using Trial = std::function<base::Result<base::Json>(double rate, double seconds)>;

// The result of the confirming run, with {"find_max": {"rate", "confirmed", "limit", "trials": […]}}; `limit` says what
// ended the search: "rule", "generator" (it could not send more), "highest", "interrupted". When the rule does not even
// hold at one request a second, rate is 0 and the result is that of the last run. Errors: those of a trial.
base::Result<base::Json> find_max(const Trial& trial, const SearchLimits& limits, const std::function<bool()>& stopped);

std::string show_rate(double rate);
std::string show_trial(double rate, const base::Json& result);
std::string show_found(const base::Json& result);

}  // namespace load
