#pragma once
// What to ask for a probe of a service, and how to call it to people. Pure.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "supervisor/ports/prober.hpp"
#include "supervisor/spec/cluster.hpp"

namespace app {

// What the probes of one process need to know of it beyond the service's description.
struct ProbeContext {
  std::vector<std::string> env;  // exec: NAME=value, the environment the process was given
  std::filesystem::path folder;  // exec: its working folder
  std::filesystem::path log;     // log: the file its output goes to
  std::uint64_t log_from = 0;    // log: size of that file when the process was started
  // Another process on the same held sockets would answer, and says READY=1 itself: until this one does so as well,
  // no probe tells that it has started.
  bool only_its_word = false;
  // exec: replaces ${…} in an argument; empty: arguments are taken as they are.
  std::function<base::Result<std::string>(const std::string&)> resolve;
};

// The probe that tells whether the service is ready. For one that lives elsewhere its address is asked, at the pace of
// the ready probe if it has one.
std::optional<spec::Probe> ready_probe_of(const spec::Service& service);

// Errors: not_found, when its port does not exist; what context.resolve said; malformed, when the address of an
// external service is none.
base::Result<ports::Question> question_of(const spec::Service& service, const spec::Probe& probe,
                                          const ProbeContext& context = {});

// "http://127.0.0.1:8080/health/ready", "tcp://127.0.0.1:4222", "grpc://127.0.0.1:9090/users", "exec curl -f …",
// "log /ready/", "notify".
std::string address_of(const ports::Question& question);

}  // namespace app
