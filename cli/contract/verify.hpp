#pragma once
// Replays the interactions of Pact files against a provider and compares what comes. One thread; blocking.

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/http/message.hpp"
#include "base/pact/match.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "cli/contract/results.hpp"

namespace contract {

// What a gRPC call brought, decoded by the descriptors that the Pact file has.
struct RpcAnswer {
  base::Json expected = base::Json::object();  // the contract's example
  base::Json actual = nullptr;                 // null: no message came, only a status
  std::string status = "OK";                   // name of the gRPC status
  std::string message = {};
  base::Json metadata = base::Json::object();  // of the answer, with grpc-status and grpc-message
};

// A provider as the verifier needs it. Errors `unavailable` and `timeout` mean that nobody answered.
class Provider {
 public:
  virtual ~Provider() = default;
  virtual base::Result<base::http::Response> send(base::http::Request request) = 0;
  // Brings it into a state, or back; returns values for generators, an object. `consumer` is who asks.
  virtual base::Result<base::Json> change_state(const std::string& consumer, const base::pact::ProviderState& state,
                                                bool teardown) = 0;
  // The message that its own code produced since the states were set up.
  virtual base::Result<base::pact::ActualMessage> message(const base::pact::Interaction& interaction) = 0;
  // What its own code answers to the request of a synchronous message without a plugin; generators are applied.
  virtual base::Result<base::pact::ActualMessage> reply(const base::pact::Interaction& interaction,
                                                        const base::pact::Message& request) = 0;
  // A unary gRPC call. `pact` has the descriptors; `values` are for the request's generators.
  virtual base::Result<RpcAnswer> call(const base::pact::Pact& pact, const base::pact::Interaction& interaction,
                                       const base::pact::GenerateContext& values) = 0;
};

struct Selection {
  std::string consumer;  // empty: any
  std::string provider;
  std::string interaction;   // a part of its description
  std::string service = {};  // consumer or provider

  bool takes(const base::pact::Pact& pact) const;
  bool takes(const base::pact::Interaction& interaction_) const;
};

struct VerifyOptions {
  base::Random& random;
  const base::Clock& clock;
  base::http::Headers added = {};  // sent where the interaction has no header of that name
};

// One interaction: states set up, replayed, compared, states torn down whatever came. `source` and the pair are filled
// in from the arguments.
Result verify(const base::pact::Pact& pact, const base::pact::Interaction& interaction, const std::string& source,
              Provider& provider, const VerifyOptions& options);

}  // namespace contract
