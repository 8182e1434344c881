#pragma once
// What two readings of the services' metrics say of the time between them: who was asked for what, and who asked whom.
// A series that fell was begun anew by a restart, and counts from 0. Pure.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "cli/load/exposition.hpp"

namespace load {

using Readings = std::map<std::string, Series>;                // by instance
using ServiceNames = std::map<std::string, std::string>;       // of each instance
using Callers = std::map<std::string, std::set<std::string>>;  // service to those that ask it

// Calls of one kind, as their caller counted them: `http_client_request_duration_seconds` and
// `rpc_client_call_duration_seconds` with the labels of the chassis; others' are passed over.
struct Call {
  std::string caller;           // service
  std::string caller_endpoint;  // that was answered meanwhile; empty for work that nobody asked for
  std::string service;          // that was asked
  std::string method;           // of HTTP, or the full one of gRPC
  std::string route;            // what the paths asked for begin with; empty for gRPC
  double count = 0;
  double total_us = 0;

  bool is_rpc() const { return method.starts_with('/'); }
};

// "GET /v1/users/{id}", "grpc /user.v1.UserService/GetUser"
std::string endpoint_of(const Labels& labels, bool is_rpc);

// {"service", "endpoint", "count", "errors", "total_us", "mean_us"} of each route that was asked meanwhile, most time
// first.
base::Json routes_between(const Readings& before, const Readings& after, const ServiceNames& service_of);

std::vector<Call> calls_between(const Readings& before, const Readings& after, const ServiceNames& service_of);

// Services that measure their calls for each endpoint of theirs. One that made no call yet says nothing.
std::set<std::string> measured_callers(const Readings& after, const ServiceNames& service_of);

}  // namespace load
