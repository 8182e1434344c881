#pragma once
// What one service asks of another, written by the consumer's test while its real client code runs:
//
//   contract.given("a user exists", {{"id", id}})
//       .upon_receiving("a request for that user")
//       .with_request("GET", "/v1/users/" + id)
//       .will_respond_with(200)
//       .with_json(object({{"id", id}, {"email", like("ann@example.com")}}));
//   world.http.answer_at(8081, contract.http());
//   … the service under test asks, and its answer is checked …
//   EXPECT_EQ(contract.verdict(), "");
//
// The mock server answers what was declared and records what was really asked. Thread-safe once the interactions are
// declared.

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/http/server.hpp"
#include "base/pact/model.hpp"
#include "services/chassis/contract/value.hpp"
#include "services/chassis/rpc/rpc.hpp"

namespace google::protobuf {
class Descriptor;
}

namespace chassis::contract {

class Contract;

// Builds one HTTP interaction; what is said before will_respond_with is of the request, what comes after of the
// response.
class HttpInteraction {
 public:
  HttpInteraction& with_query(const std::string& name, const Value& value);
  HttpInteraction& with_header(const std::string& name, const Value& value);
  HttpInteraction& with_json(const Value& body, const std::string& content_type = "application/json");
  // Names and values; matchers by name.
  HttpInteraction& with_form(const std::vector<std::pair<std::string, Value>>& fields);
  // Bytes as they are; the value may carry a rule for all of them (regex, contentType …).
  HttpInteraction& with_body(const std::string& content_type, const Value& bytes);
  HttpInteraction& will_respond_with(int status);
  // The status only has to be of a class (success, clientError, …); the mock server answers `example`.
  HttpInteraction& will_respond_with_any(const std::string& status_class, int example);

 private:
  friend class Asking;
  explicit HttpInteraction(base::pact::Interaction& made) : made_(made) {}
  base::pact::Interaction& made_;
  bool answering_ = false;
};

// Builds one gRPC interaction of one message each way, by the messages' descriptors.
class RpcInteraction {
 public:
  RpcInteraction& with_request(const Value& message);
  RpcInteraction& with_metadata(const std::string& name, const Value& value);
  RpcInteraction& will_respond_with(const Value& message);
  // An error instead; `grpc-status` by its gRPC name. The mock fails with this code.
  RpcInteraction& will_fail_with(base::ErrorCode code, const std::string& message);

 private:
  friend class Asking;
  RpcInteraction(Contract& contract, base::pact::Interaction& made, const google::protobuf::Descriptor* request,
                 const google::protobuf::Descriptor* response);
  Contract& contract_;
  base::pact::Interaction& made_;
  const google::protobuf::Descriptor* request_;
  const google::protobuf::Descriptor* response_;
};

// Builds one event that the provider publishes and the consumer understands.
class EventInteraction {
 public:
  EventInteraction& with_metadata(const std::string& name, const Value& value);
  EventInteraction& with_json(const Value& contents, const std::string& content_type = "application/json");

 private:
  friend class Asking;
  explicit EventInteraction(base::pact::Interaction& made) : made_(made) {}
  base::pact::Interaction& made_;
};

// What an interaction begins with: states, a description, and of which kind it is.
class Asking {
 public:
  Asking& given(const std::string& state, base::Json params = base::Json::object());
  Asking& upon_receiving(const std::string& description);
  HttpInteraction& with_request(const std::string& method, const Value& path);
  // `method` is package.Service/Method.
  template <class Request, class Response>
  RpcInteraction& with_call(const std::string& method) {
    return call(method, Request::descriptor(), Response::descriptor());
  }
  // grpc.health.v1.Health/Check, as `ping` of a published client asks it; the answer is SERVING.
  RpcInteraction& with_health_check();
  // The description names an event; nothing is asked.
  EventInteraction& with_event();

 private:
  friend class Contract;
  Asking(Contract& contract, base::pact::Interaction& made) : contract_(contract), made_(made) {}
  RpcInteraction& call(const std::string& method, const google::protobuf::Descriptor* request,
                       const google::protobuf::Descriptor* response);
  Contract& contract_;
  base::pact::Interaction& made_;
  std::unique_ptr<HttpInteraction> http_;
  std::unique_ptr<RpcInteraction> rpc_;
  std::unique_ptr<EventInteraction> event_;
};

// A message as the broker would deliver it.
struct Event {
  std::string body;
  base::Json metadata = base::Json::object();
};

class Contract {
 public:
  Contract(std::string consumer, std::string provider);
  ~Contract();
  Contract(const Contract&) = delete;

  // Begin an interaction; `given` first where there is a state.
  Asking& given(const std::string& state, base::Json params = base::Json::object());
  Asking& upon_receiving(const std::string& description);

  // The mock server as a handler: for FakeHttp::answer_at, or MockServer over a real socket.
  base::http::Handler http();
  // The same for gRPC: for rpc::Transport::serve. Made of the interactions declared so far.
  rpc::Methods rpc();
  // The event of that description, generators applied; exercised by that. An empty body when there is none.
  Event event(const std::string& description);

  // Empty when every interaction was exercised and nothing else was asked for; else what differs, for people.
  std::string verdict() const;
  // What was declared.
  base::pact::Pact pact() const;

 private:
  friend class RpcInteraction;
  struct Recorder;

  base::pact::Interaction& add();
  void describe_messages(base::pact::Interaction& made, const google::protobuf::Descriptor* request,
                         const google::protobuf::Descriptor* response);

  std::list<std::unique_ptr<Asking>> asking_;
  base::pact::Pact pact_;  // without its interactions
  std::shared_ptr<Recorder> recorder_;
};

}  // namespace chassis::contract
