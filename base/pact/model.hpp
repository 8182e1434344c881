#pragma once
// A Pact file as values: one consumer, one provider and what the first asks of the second. Read and written in
// file.hpp, compared in match.hpp. Keys that we do not know are kept in the `extra` members and written back.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http/message.hpp"
#include "base/json.hpp"
#include "base/pact/body.hpp"
#include "base/pact/generators.hpp"
#include "base/pact/rules.hpp"

namespace base::pact {

enum class Version : std::uint8_t { v1 = 1, v2 = 2, v3 = 3, v4 = 4 };

// Names with their values, in the file's order.
using Fields = std::vector<std::pair<std::string, std::vector<std::string>>>;
// The values of a name; null when it is not there. Header names compare without regard to case.
const std::vector<std::string>* find(const Fields& fields, std::string_view name, bool ignore_case = false);

struct ProviderState {
  std::string name;
  Json params = Json::object();
  Json extra = Json::object();
};

struct HttpRequest {
  std::string method = "GET";
  std::string path = "/";  // as sent, still percent-encoded; to_http escapes what is not
  Fields query = {};       // decoded
  Fields headers = {};
  Body body = {};
  MatchingRules rules = {};
  Generators generators = {};
  Json extra = Json::object();
};

struct HttpResponse {
  int status = 200;
  Fields headers = {};
  Body body = {};
  MatchingRules rules = {};
  Generators generators = {};
  Json extra = Json::object();
};

struct Message {
  Body contents = {};
  Json metadata = Json::object();
  MatchingRules rules = {};
  Generators generators = {};
  Json extra = Json::object();
};

enum class InteractionKind : std::uint8_t {
  http,
  message,       // asynchronous: an event of the provider
  sync_message,  // V4: a request and its answers, for instance gRPC
  other,         // a type that we do not know, kept as it is in `extra`
};

struct Interaction {
  InteractionKind kind = InteractionKind::http;
  std::string description;
  std::string key = {};  // V4; empty when the file has none
  std::vector<ProviderState> states = {};
  bool pending = false;
  Json comments = Json::object();
  Json plugin_configuration = Json::object();
  std::string transport = {};  // "grpc", "http"; empty when the file has none

  HttpRequest request = {};    // http
  HttpResponse response = {};  // http
  Message message = {};        // message
  Message sync_request = {};   // sync_message
  std::vector<Message> sync_responses = {};

  Json extra = Json::object();
};

struct Pact {
  std::string consumer;
  std::string provider;
  Version version = Version::v4;
  std::vector<Interaction> interactions = {};
  Json metadata = Json::object();  // without pactSpecification
  Json consumer_extra = Json::object();
  Json provider_extra = Json::object();
  Json extra = Json::object();
};

// "a user exists" and "a user exists (id=1), and …": for reports.
std::string describe(const std::vector<ProviderState>& states);
std::string_view to_text(InteractionKind kind);  // "Synchronous/HTTP", …
std::string_view to_text(Version version);       // "4.0"

// The examples as messages of HTTP, without generators applied. A missing body is an empty one; a Content-Type header
// is added from the body when the example has none. Content-Length and Transfer-Encoding are left out: they are the
// sender's.
base::http::Request to_http(const HttpRequest& request);
base::http::Response to_http(const HttpResponse& response);

// The example with its generators applied. Errors: as in generators.hpp, with the place.
Result<HttpRequest> generate(const HttpRequest& request, const GenerateContext& context);
Result<HttpResponse> generate(const HttpResponse& response, const GenerateContext& context);
Result<Message> generate(const Message& message, const GenerateContext& context);

}  // namespace base::pact
