#pragma once
// How `msctl contract-test` brings a service that is not built on the chassis into provider states, and how it gets a
// message out of it. Plain values. See docs/contract-test.md.

#include <string>
#include <vector>

namespace spec {

// Either a program that reads one JSON object on standard input, or a path of the service's own that takes it by POST.
struct ContractDoor {
  std::vector<std::string> command;  // argv with ${…} still in it, run in the service's folder
  std::string path;
  std::string port = "http";  // of the path

  bool empty() const { return command.empty() && path.empty(); }
};

struct Contracts {
  ContractDoor states;    // {"state", "params", "action": "setup"|"teardown"} → the state's values
  ContractDoor messages;  // {"description", "type", "providerStates"} → {"contents", "metadata"}, by HTTP the body
};

}  // namespace spec
