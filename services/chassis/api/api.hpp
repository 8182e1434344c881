#pragma once
// One use case, one handler, two doors: each route() binds a handler to a REST path and to a gRPC method at once. The
// protobuf messages are the one definition of request and response for both.
//
//   api.route("GET /v1/users/{id}", "GetUser", users, get);
//
// where `get` is a function: Task<Result<User>> get(app::Users&, CallContext, GetUserRequest).
//
// `/v1/users/{id}` is also served as `/users/{id}`: the path without a version is version 1. Fields of the pattern and
// query parameters are set in the request message; a body, where the method has one, is read first.
// `/openapi.json` describes all of it (openapi.hpp).
// Several REST routes may lead to one gRPC method, as when a resource has two versions; the first added is the one that
// answers calls over gRPC. A key against repetition is one over all of them.
// Routes are added before the first request; afterwards an Api is thread-safe.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/message.h>

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/api/entry.hpp"
#include "services/chassis/api/openapi.hpp"
#include "services/chassis/api/operations.hpp"
#include "services/chassis/api/route_options.hpp"
#include "services/chassis/api/router.hpp"
#include "services/chassis/call/context.hpp"
#include "services/chassis/ledger/ledger.hpp"
#include "services/chassis/rpc/rpc.hpp"

namespace chassis {

// What a successful REST answer looks like: 200, or 201 with a Location made from the answer's fields.
struct Success {
  int status = 200;
  std::string location = {};  // pattern such as /v1/users/{id}
};
inline Success created(std::string location) { return {201, std::move(location)}; }

class Api {
 public:
  using Message = google::protobuf::Message;
  using MessagePtr = std::unique_ptr<Message>;
  template <class App, class Request, class Response>
  using Handler = base::Task<base::Result<Response>> (*)(App&, CallContext, Request);

  // `service` is the full protobuf name, such as user.v1.UserService.
  Api(Environment& env, std::string service) : env_(env), service_(std::move(service)) {}
  Api(const Api&) = delete;

  // `app` is lent for the Api's life.
  template <class App, class Request, class Response>
  void route(std::string_view rest, std::string_view rpc_method, App& app, Handler<App, Request, Response> handler,
             Success success = {}, RouteDoc doc = {}, RouteOptions options = {}) {
    Invoke invoke = [&app, handler](CallContext context, MessagePtr message) {
      return invoke_typed(app, handler, std::move(context), std::move(message));
    };
    add(rest, rpc_method, {Request::default_instance(), Response::default_instance()}, std::move(invoke),
        std::move(success), std::move(doc), std::move(options));
  }

  // Where requests with a key are remembered; lent. Without it no route may honour keys.
  void remember_in(Ledger& ledger) { ledger_ = &ledger; }
  // What an operator may ask of the service, in a local cluster (operations_door.hpp).
  void operate(std::string name, Operations::Handler handler) { operations_.add(std::move(name), std::move(handler)); }

  // For HttpEntry.
  base::Task<Handled> handle(CallContext context, base::http::Request request) const;
  rpc::Methods rpc_methods() const;
  base::Json openapi() const;
  const Operations& operations() const { return operations_; }

 private:
  using Invoke = std::function<base::Task<base::Result<MessagePtr>>(CallContext, MessagePtr)>;
  struct Endpoint {
    std::string rest_method;
    std::string pattern;
    std::string rpc_name;  // full: /user.v1.UserService/GetUser
    const Message& prototype;
    const Message& response;
    Invoke invoke;
    Success success;
    RouteDoc doc;
    RouteOptions options;
  };
  // The answer to one request, and whether it was given before.
  struct Answer {
    base::Result<MessagePtr> message;
    bool is_replayed = false;
  };

  template <class App, class Request, class Response>
  static base::Task<base::Result<MessagePtr>> invoke_typed(App& app, Handler<App, Request, Response> handler,
                                                           CallContext context, MessagePtr message) {
    // The message was made from Request's own prototype.
    auto result = co_await handler(app, std::move(context), std::move(static_cast<Request&>(*message)));
    if (!result) co_return std::move(result).error();
    co_return MessagePtr(std::make_unique<Response>(std::move(result).value()));
  }

  struct Prototypes {
    const Message& request;
    const Message& response;
  };
  void add(std::string_view rest, std::string_view rpc_method, Prototypes prototypes, Invoke invoke, Success success,
           RouteDoc doc, RouteOptions options);
  static base::Result<MessagePtr> read(const Endpoint& endpoint, const Router::Match& match,
                                       const base::http::Request& request);
  base::Task<base::Result<std::string>> call(const Endpoint& endpoint, rpc::Call call) const;
  base::Task<> respond(const Endpoint& endpoint, const Router::Match& match, CallContext context,
                       const base::http::Request& request, base::http::Response& response) const;
  static base::Task<base::Result<base::Json>> invoke_as_json(const Endpoint& endpoint, CallContext context,
                                                             std::shared_ptr<Message> message);
  base::Task<Answer> answer(const Endpoint& endpoint, CallContext context, const base::http::Headers& headers,
                            MessagePtr message) const;

  Environment& env_;
  std::string service_;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  Router router_;
  Ledger* ledger_ = nullptr;
  Operations operations_;
};

}  // namespace chassis
