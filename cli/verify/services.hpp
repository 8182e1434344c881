#pragma once
// What most checks ask of a cluster: which services answer HTTP for others, where they are, and what state they are in.

#include <cstdint>
#include <string>
#include <vector>

#include "cli/verify/world.hpp"

namespace verify {

// Programs of this cluster with a port `http` that the gateway leads to, and the gateway itself; by name.
std::vector<const spec::Service*> rest_services(const spec::Cluster& cluster);
// nullptr: there is none.
const spec::Service* gateway_of(const spec::Cluster& cluster);
// The service that the gateway leads to at exactly this prefix; nullptr: none.
const spec::Service* routed(const spec::Cluster& cluster, const std::string& prefix);
// 0: it has no such port.
std::uint16_t port_of(const spec::Service& service, const std::string& port = "http");

// Errors: not_found, and those of World::instances().
base::Result<control::ServiceView> instance(World& world, const std::string& name);
base::Result<std::vector<control::ServiceView>> instances_of(World& world, const std::string& service);
// Until the instance is in this state. Errors: timeout with what it was last, those of World.
base::Result<void> await_state(World& world, const std::string& name, const std::string& state, Ms patience);

// An object in the body, whatever the status was. Errors: malformed.
base::Result<base::Json> body_of(const base::http::Response& response, const std::string& of_what);
std::string text_of(const base::Json& object, const std::string& key);  // empty when it is no text
base::http::Request get(const std::string& target);
base::http::Request post(const std::string& target, const base::Json& body);

// "a", "a and b", "a, b and c".
std::string in_words(const std::vector<std::string>& parts);

}  // namespace verify
