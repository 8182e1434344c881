#pragma once
// gRPC interactions in the form of the pact protobuf plugin, by the program msctl-grpc. Blocking; one thread.

#include <optional>
#include <string>

#include "cli/contract/verify.hpp"
#include "cli/program/line_process.hpp"

namespace contract {

class RpcTool {
 public:
  virtual ~RpcTool() = default;
  // `target` is host:port. Errors: unsupported (no descriptors, another plugin, a streaming method), unavailable,
  // timeout, not_found (the program is not there).
  virtual base::Result<RpcAnswer> call(const std::string& target, const base::pact::Pact& pact,
                                       const base::pact::Interaction& interaction,
                                       const base::pact::GenerateContext& values,
                                       std::chrono::milliseconds timeout) = 0;
};

class GrpcProgram final : public RpcTool {
 public:
  base::Result<RpcAnswer> call(const std::string& target, const base::pact::Pact& pact,
                               const base::pact::Interaction& interaction, const base::pact::GenerateContext& values,
                               std::chrono::milliseconds timeout) override;

 private:
  base::Result<base::Json> ask(const base::Json& line);

  std::optional<program::LineProcess> session_;  // one for all calls, started with the first
};

// What a synchronous message says by the plugin's form: which method, and where its descriptors are in the file.
struct PluginCall {
  std::string method;  // package.Service/Method, or Service/Method in old files
  std::string descriptors_base64;
};
// Errors: unsupported, with the plugin that would be needed.
base::Result<PluginCall> plugin_call(const base::pact::Pact& pact, const base::pact::Interaction& interaction);

}  // namespace contract
