#pragma once
// The gRPC side of a stub: synchronous messages of the contracts, answered through the program msctl-grpc, since msctl
// itself links no gRPC. A thread of its own takes the calls.

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/json.hpp"
#include "cli/program/line_process.hpp"
#include "cli/stub/answers.hpp"
#include "cli/stub/contracts.hpp"

namespace stub {

// Where to listen: a descriptor of a held socket, or an address.
struct RpcDoor {
  int fd = -1;
  std::string address = {};  // "127.0.0.1:9081"
};

class Rpc {
 public:
  // Errors: not_found when the helper is not there, unsupported when no interaction can be read, unavailable when it
  // cannot listen. `answers` is lent.
  static base::Result<std::unique_ptr<Rpc>> start(const Contracts& contracts, const Answers& answers,
                                                  const RpcDoor& door, std::function<void(const std::string&)> log);
  ~Rpc();

 private:
  struct Known {
    const base::pact::Interaction* interaction;
    std::string method;  // package.Service/Method
    base::Json descriptors;
    base::Json request;  // the examples as JSON
    base::Json response;
  };

  Rpc(program::LineProcess session, const Answers& answers, std::function<void(const std::string&)> log);
  void learn(const base::pact::Pact& pact, const base::pact::Interaction& one);
  base::Result<base::Json> ask(base::Json question);
  base::Result<base::Json> decode(const base::Json& descriptors, const std::string& type, const std::string& base64);
  void serve();
  base::Json answer(const base::Json& call);
  base::Json reply(const Known& known);

  program::LineProcess session_;  // encodes and decodes
  std::unique_ptr<program::LineProcess> server_;
  const Answers& answers_;
  std::function<void(const std::string&)> log_;
  std::list<Known> known_;
  std::thread thread_;
};

}  // namespace stub
