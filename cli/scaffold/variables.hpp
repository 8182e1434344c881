#pragma once
// From what was asked for to what templates see: every answer is checked, what was left open gets its default, and the
// forms that code needs are derived. Pure but for read_facts().

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/scaffold/event_schemas.hpp"
#include "cli/scaffold/naming.hpp"
#include "cli/scaffold/template.hpp"
#include "supervisor/spec/cluster.hpp"

namespace scaffold {

// A value each; several for a list.
using Values = std::map<std::string, std::vector<std::string>>;

// A service that can be called through its published C++ client.
struct ClientFacts {
  std::string folder;         // below services/
  std::string cpp_namespace;  // user_service
  bool has_ping = false;
};

// What there is in the workspace.
struct Facts {
  std::map<std::string, ClientFacts> clients;  // by service
  std::vector<std::string> services;
  std::set<std::uint16_t> ports;
  std::map<std::string, std::vector<std::string>> publishers;  // services by the event that they publish
  EventSchemas schemas;                                        // of events, as their publishers have them
  std::string edge;     // http://127.0.0.1:8080 of the gateway; empty without one
  std::string command;  // how to call msctl here: ./msctl or msctl
  bool has_broker = false;
  bool has_chassis = false;  // its sources are part of the workspace
};

// Looks at the cluster, at services/*/proto/client.hpp and at the services' folders `events`.
Facts read_facts(const spec::Cluster& cluster);

// One value of a parameter: text that is safe in files, in the form and of the choices that the parameter has. Errors:
// invalid, as `db must be sqlite, postgres or none, not mysql`.
base::Result<void> check_value(const Parameter& parameter, const std::string& value);

// Every parameter with a value that was checked, ports chosen. `given` names only parameters of the template. `own`
// ports are those that the service has already. Errors: invalid with the flag to use.
base::Result<Values> complete(const Template& made, const ServiceName& name, const Values& given, const Facts& facts,
                              const std::set<std::uint16_t>& own = {});

// Names of derived variables, those within list items included.
std::set<std::string> derived_variables(const Template& made);
bool is_derived_variable(Kind kind, const std::string& name);

// What templates of services see. `values` is complete. Errors: invalid (a call to a service without a client, events
// without a broker or a database).
base::Result<base::Json> service_variables(const Template& made, const ServiceName& name, const Values& values,
                                           const Facts& facts);
// What templates of workspaces see.
base::Json workspace_variables(const Template& made, const std::string& name, const Values& values);

}  // namespace scaffold
