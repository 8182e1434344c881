#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>

#include "base/child.hpp"
#include "cli/machine/process_facts.hpp"
#include "cli/terminal/say.hpp"
#include "cli/verbs/selection.hpp"
#include "cli/verbs/verb.hpp"
#include "supervisor/spec/port_variable.hpp"

namespace cli {
namespace {

namespace fs = std::filesystem;

struct ExecOptions {
  std::string service;
  std::vector<std::string> command;
};

// Where and with what a command beside the service runs.
struct Surroundings {
  fs::path folder;
  machine::Environment environment;
};

// What only the instance's own process may have. MSCTL_SERVICE and MSCTL_STATE are how the supervisor finds what
// belongs to an instance, and it would end the command together with it.
void drop_marks(machine::Environment& environment) {
  static constexpr std::array<std::string_view, 4> marks{"LISTEN_", "NOTIFY_SOCKET=", "MSCTL_SERVICE=", "MSCTL_STATE="};
  std::erase_if(environment, [](const std::string& entry) {
    return std::any_of(marks.begin(), marks.end(), [&](std::string_view mark) { return entry.starts_with(mark); });
  });
}

base::Result<Surroundings> beside_process(const Place& place, const control::ServiceView& view) {
  Surroundings made;
  TRY(made.environment, machine::environment_of(*view.pid));
  const auto cluster = place.load();
  const auto known = cluster && cluster.value().services.contains(service_of(view.name));
  made.folder = known ? cluster.value().services.at(service_of(view.name)).folder : fs::path();
  if (made.folder.empty()) made.folder = machine::working_folder_of(*view.pid);
  return made;
}

// The first port without a number that the environment would need.
std::string unknown_port(const spec::Service& service) {
  for (const auto& [name, number] : service.ports) {
    if (number == 0) return name;
  }
  return {};
}

// What the supervisor would give the service at its start, by the rules of supervisor/app/workspace.cpp.
base::Result<Surroundings> as_if_started(const Place& place, const std::string& name,
                                         const std::vector<control::ServiceView>& views) {
  TRY(spec::Cluster cluster, place.load());
  TRY(check_names(cluster, {service_of(name)}));
  overlay_ports(cluster, views);
  const spec::Service& service = cluster.services.at(service_of(name));
  if (service.source != spec::Source::command) {
    return base::fail(base::ErrorCode::conflict, name +
                                                     " is no process of this cluster's own; there is nothing to run "
                                                     "a command beside");
  }
  if (const std::string port = unknown_port(service); !port.empty() || service_of(name) != name) {
    const std::string why = port.empty() ? "" : ", and its port " + port + " gets its number when it starts";
    return base::fail(base::ErrorCode::conflict,
                      name + " does not run" + why + "; start it with: msctl start " + service_of(name));
  }
  std::map<std::string, std::string> variables;
  for (const auto& entry : machine::own_environment()) {
    const auto equals = entry.find('=');
    if (equals != std::string::npos) variables[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  for (const auto& [port, number] : service.ports) variables[spec::port_variable(port)] = std::to_string(number);
  variables["MSCTL_CONFIG"] = (cluster.state / "run" / (name + ".json")).string();
  for (const auto& [variable, value] : service.env) {
    auto resolved = spec::resolve(cluster, name, value);
    if (!resolved && resolved.error().message.find("port") != std::string::npos) {
      return base::fail(base::ErrorCode::conflict,
                        name + " does not run: " + resolved.error().message + "; start it with: msctl start " + name);
    }
    TRY(variables[variable], std::move(resolved));
  }
  Surroundings made{service.folder, {}};
  for (const auto& [variable, value] : variables) made.environment.push_back(variable + "=" + value);
  return made;
}

base::Result<Surroundings> surroundings_of(const Place& place, const std::string& name) {
  auto views = place.client().services();
  if (!views) {
    if (views.error().code != base::ErrorCode::unavailable) return views.error();
    return as_if_started(place, name, {});
  }
  TRY(const control::ServiceView view, one_meant(place, name, views.value()));
  return view.pid ? beside_process(place, view) : as_if_started(place, name, views.value());
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

base::Error become(const ExecOptions& options, const Surroundings& surroundings) {
  const auto program = machine::find_program(options.command.front(), surroundings.environment, surroundings.folder);
  if (!program) return program.error();
  if (::chdir(surroundings.folder.c_str()) != 0) {
    return base::fail(base::ErrorCode::internal,
                      "cannot enter " + surroundings.folder.string() + ": " + std::strerror(errno));
  }
  base::reset_signals();
  ::execve(program.value().c_str(), pointers_to(options.command).data(), pointers_to(surroundings.environment).data());
  return base::fail(base::ErrorCode::internal, "cannot run " + program.value() + ": " + std::strerror(errno));
}

int exec(const ExecOptions& options) {
  if (options.command.empty()) {
    return say_error("msctl: no command to run; as in: msctl exec " + options.service + " -- env"), usage;
  }
  const auto place = find_place();
  if (!place) return report(place.error());
  auto surroundings = surroundings_of(place.value(), options.service);
  if (!surroundings) return report(surroundings.error());
  drop_marks(surroundings.value().environment);
  return report(become(options, surroundings.value()));
}

}  // namespace

void add_exec(Verbs& verbs) {
  auto options = std::make_shared<ExecOptions>();
  verbs.add("exec", "Run a command in a service's folder with the service's environment")
      .operand("SERVICE", options->service, "The service, or one instance of it")
      .rest(options->command)
      .footer(
          "The environment is that of the running process, else what the service would get. The command is no part of "
          "the service: it goes on when that is stopped.\n"
          "Examples:\n  msctl exec web -- env\n  msctl exec web sh -c 'curl localhost:$PORT_HTTP'\n"
          "Exit code: the command's own; 1 or 2 when it cannot be run.")
      .run([options] { return exec(*options); });
}

}  // namespace cli
