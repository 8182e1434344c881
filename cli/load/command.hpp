#pragma once
// What the command line says of a load run, laid over a scenario file or made into a document of its own. Pure but for
// reading files.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/load/scenario.hpp"

namespace load {

struct CommandOptions {
  std::string what;  // a scenario file, a URL, or a service and a path
  std::string rate;
  std::string duration;
  std::string connections;
  std::string threads;
  std::string max_connections;
  std::string arrivals;
  std::vector<std::string> stages;  // "500:30s" goes to 500 in a straight line, "=500:30s" at once
  std::string warmup;
  std::string timeout;
  std::string seed;
  std::vector<std::string> thresholds;
  std::vector<std::string> budget;  // "errors=100"
  std::vector<std::string> allow_hosts;
  std::vector<std::string> variables;  // NAME=VALUE
  std::string method;
  std::vector<std::string> headers;  // "Name: value"
  std::string data;
  std::string ca;
  bool insecure = false;
  std::string trace_every;
  std::string journal;
};

// True for a URL and for `gateway:/path`, false for a scenario file.
bool is_target(const std::string& what);

// The scenario with the options laid over it, checked. Errors: those of read_scenario and check_scenario; malformed for
// an option, which it names.
base::Result<ScenarioFile> make_scenario(const CommandOptions& options);

// One of how many requests is followed through the cluster when nobody says: some hundred in the whole run.
unsigned usual_trace_every(const base::Json& document);

// A rate instead of whatever load the document has, for `seconds`.
void set_rate(base::Json& document, double rate, double seconds);

}  // namespace load
