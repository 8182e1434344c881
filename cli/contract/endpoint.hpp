#pragma once
// A provider that runs: its REST and gRPC ports, and the doors by which it is brought into provider states and by which
// its messages are had. One thread; blocking.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "cli/contract/rpc.hpp"
#include "cli/contract/verify.hpp"
#include "cli/contract/web.hpp"

namespace contract {

// One way in: nothing, an HTTP URL or a program.
struct Door {
  std::string url = {};
  std::string secret = {};                            // sent as Authorization: Bearer
  std::vector<std::string> command = {};              // argv
  std::filesystem::path folder = {};                  // of the command
  std::map<std::string, std::string> variables = {};  // its environment on top of ours
  bool of_chassis = false;  // the URL is a guess: a service that is not on the chassis does not know it

  bool empty() const { return url.empty() && command.empty(); }
};

struct EndpointParts {
  std::string name;       // of the service
  std::string url = {};   // http://127.0.0.1:8081, perhaps with a path; empty: no REST port
  std::string grpc = {};  // 127.0.0.1:9081; empty: none
  Door states = {};
  Door messages = {};
  std::chrono::milliseconds timeout = std::chrono::seconds(15);  // of one answer
};

class Endpoint final : public Provider {
 public:
  // Both are lent. `web` is for http:// of other hosts and https://.
  Endpoint(EndpointParts parts, Web& web, RpcTool& rpc) : parts_(std::move(parts)), web_(web), rpc_(rpc) {}

  base::Result<base::http::Response> send(base::http::Request request) override;
  base::Result<base::Json> change_state(const std::string& consumer, const base::pact::ProviderState& state,
                                        bool teardown) override;
  base::Result<base::pact::ActualMessage> message(const base::pact::Interaction& interaction) override;
  base::Result<base::pact::ActualMessage> reply(const base::pact::Interaction& interaction,
                                                const base::pact::Message& request) override;
  base::Result<RpcAnswer> call(const base::pact::Pact& pact, const base::pact::Interaction& interaction,
                               const base::pact::GenerateContext& values) override;

 private:
  base::Result<base::http::Response> post(const Door& door, const base::Json& body);
  base::Result<base::Json> by_program(const Door& door, const base::Json& input, const std::string& what) const;
  base::Result<base::Json> state_by_http(const base::Json& body);
  base::Result<base::pact::ActualMessage> message_by_door(const base::Json& body);
  base::Result<base::pact::ActualMessage> message_by_http(const base::Json& body);
  base::Error no_states() const;

  EndpointParts parts_;
  Web& web_;
  RpcTool& rpc_;
};

}  // namespace contract
