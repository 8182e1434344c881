// The builders of interactions.
#include <stdexcept>

#include "services/chassis/contract/contract.hpp"
#include "services/chassis/contract/wire.hpp"

namespace chassis::contract {
namespace {

using base::Json;
namespace pact = base::pact;

std::string text(const Json& value) { return value.is_string() ? value.get<std::string>() : base::dump_json(value); }

// A declaration that cannot be read is a mistake in the test.
template <class T>
T must(base::Result<T> result) {
  if (!result) throw std::invalid_argument("contract: " + result.error().message);
  return std::move(result).value();
}

void add_rules(pact::RuleCategory& category, const Json& written) {
  for (auto& entry : must(pact::read_category(written, "$", false))) category.push_back(std::move(entry));
}

void add_named(pact::RuleCategory& category, std::vector<pact::Generator>& generators, const std::string& name,
               const Value& value) {
  if (const auto own = value.own_rules(); !own.is_null()) {
    for (auto& entry : must(pact::read_category(Json{{name, own}}, "$", true))) category.push_back(std::move(entry));
  }
  if (const auto own = value.own_generator(); !own.is_null()) {
    auto read = must(pact::read_generators(Json{{"header", {{name, own}}}}, "$"));
    generators.push_back(std::move(read.header[0]));
  }
}

void add_body(pact::RuleCategory& rules, std::vector<pact::Generator>& generators, const Value& value) {
  add_rules(rules, value.rules());
  auto read = must(pact::read_generators(Json{{"body", value.generators()}}, "$"));
  for (auto& one : read.body) generators.push_back(std::move(one));
}

void add_field(pact::Fields& fields, const std::string& name, const Value& value) {
  for (auto& [known, values] : fields) {
    if (known != name) continue;
    values.push_back(text(value.example()));
    return;
  }
  fields.emplace_back(name, std::vector{text(value.example())});
}

}  // namespace

HttpInteraction& HttpInteraction::with_query(const std::string& name, const Value& value) {
  add_field(made_.request.query, name, value);
  add_named(made_.request.rules.query, made_.request.generators.query, name, value);
  return *this;
}

HttpInteraction& HttpInteraction::with_header(const std::string& name, const Value& value) {
  add_field(answering_ ? made_.response.headers : made_.request.headers, name, value);
  auto& rules = answering_ ? made_.response.rules : made_.request.rules;
  auto& generators = answering_ ? made_.response.generators : made_.request.generators;
  add_named(rules.header, generators.header, name, value);
  return *this;
}

HttpInteraction& HttpInteraction::with_json(const Value& body, const std::string& content_type) {
  with_body(content_type, body);
  auto& part = answering_ ? made_.response.body : made_.request.body;
  part = pact::json_body(body.example(), content_type);
  return *this;
}

HttpInteraction& HttpInteraction::with_form(const std::vector<std::pair<std::string, Value>>& fields) {
  std::string encoded;
  Value all(Json::object());
  for (const auto& [name, value] : fields) {
    encoded += (encoded.empty() ? "" : "&") + base::http::percent_encode(name) + "=" +
               base::http::percent_encode(text(value.example()));
    all.adopt(pact::to_text(pact::Where{name}).substr(1), value);
  }
  all.set_example(encoded);
  return with_body("application/x-www-form-urlencoded", all);
}

HttpInteraction& HttpInteraction::with_body(const std::string& content_type, const Value& bytes) {
  auto& body = answering_ ? made_.response.body : made_.request.body;
  auto& headers = answering_ ? made_.response.headers : made_.request.headers;
  auto& rules = answering_ ? made_.response.rules : made_.request.rules;
  auto& generators = answering_ ? made_.response.generators : made_.request.generators;
  body.state = pact::Body::State::present;
  body.bytes = text(bytes.example());
  body.content_type = content_type;
  if (pact::find(headers, "content-type", true) == nullptr) add_field(headers, "Content-Type", content_type);
  add_body(rules.body, generators.body, bytes);
  return *this;
}

HttpInteraction& HttpInteraction::will_respond_with(int status) {
  answering_ = true;
  made_.response.status = status;
  return *this;
}

HttpInteraction& HttpInteraction::will_respond_with_any(const std::string& status_class, int example) {
  will_respond_with(example);
  made_.response.rules.status.rules.push_back(
      must(pact::read_rule({{"match", "statusCode"}, {"status", status_class}})));
  return *this;
}

RpcInteraction::RpcInteraction(Contract& contract, pact::Interaction& made, const google::protobuf::Descriptor* request,
                               const google::protobuf::Descriptor* response)
    : contract_(contract), made_(made), request_(request), response_(response) {
  contract_.describe_messages(made_, request, response);
  made_.sync_request.contents = must(message_body(Json::object(), request));
  made_.sync_request.metadata = {{"contentType", made_.sync_request.contents.content_type}};
}

RpcInteraction& RpcInteraction::with_request(const Value& message) {
  made_.sync_request.contents = must(message_body(message.example(), request_));
  add_body(made_.sync_request.rules.body, made_.sync_request.generators.body, message);
  return *this;
}

RpcInteraction& RpcInteraction::with_metadata(const std::string& name, const Value& value) {
  made_.sync_request.metadata[name] = value.example();
  add_named(made_.sync_request.rules.metadata, made_.sync_request.generators.metadata, name, value);
  return *this;
}

RpcInteraction& RpcInteraction::will_respond_with(const Value& message) {
  auto& response = made_.sync_responses.emplace_back();
  response.contents = must(message_body(message.example(), response_));
  response.metadata = {{"contentType", response.contents.content_type}};
  add_body(response.rules.body, response.generators.body, message);
  return *this;
}

RpcInteraction& RpcInteraction::will_fail_with(base::ErrorCode code, const std::string& message) {
  auto& response = made_.sync_responses.emplace_back();
  response.contents = must(message_body(Json::object(), response_));
  response.metadata = {{"contentType", response.contents.content_type},
                       {"grpc-status", std::string(grpc_status(code))},
                       {"grpc-message", message}};
  add_named(response.rules.metadata, response.generators.metadata, "grpc-message", like(message));
  return *this;
}

EventInteraction& EventInteraction::with_metadata(const std::string& name, const Value& value) {
  made_.message.metadata[name] = value.example();
  add_named(made_.message.rules.metadata, made_.message.generators.metadata, name, value);
  return *this;
}

EventInteraction& EventInteraction::with_json(const Value& contents, const std::string& content_type) {
  made_.message.contents = pact::json_body(contents.example(), content_type);
  made_.message.metadata["contentType"] = content_type;
  add_body(made_.message.rules.body, made_.message.generators.body, contents);
  return *this;
}

Asking& Asking::given(const std::string& state, Json params) {
  made_.states.push_back({state, std::move(params), Json::object()});
  return *this;
}

Asking& Asking::upon_receiving(const std::string& description) {
  made_.description = description;
  return *this;
}

HttpInteraction& Asking::with_request(const std::string& method, const Value& path) {
  made_.kind = pact::InteractionKind::http;
  made_.transport = "http";
  made_.request.method = method;
  made_.request.path = text(path.example());
  if (const auto own = path.own_rules(); !own.is_null()) {
    made_.request.rules.path = must(pact::read_rules(Json{{"path", own}}, "$")).path;
  }
  if (const auto own = path.own_generator(); !own.is_null()) {
    made_.request.generators.path = must(pact::read_generators(Json{{"path", own}}, "$")).path;
  }
  http_.reset(new HttpInteraction(made_));
  return *http_;
}

RpcInteraction& Asking::call(const std::string& method, const google::protobuf::Descriptor* request,
                             const google::protobuf::Descriptor* response) {
  made_.kind = pact::InteractionKind::sync_message;
  made_.transport = "grpc";
  made_.plugin_configuration = {{"protobuf", {{"service", "." + method}}}};
  rpc_.reset(new RpcInteraction(contract_, made_, request, response));
  return *rpc_;
}

RpcInteraction& Asking::with_health_check() {
  const auto types = health_types();
  return call("grpc.health.v1.Health/Check", types.request, types.response)
      .will_respond_with(object({{"status", "SERVING"}}));
}

EventInteraction& Asking::with_event() {
  made_.kind = pact::InteractionKind::message;
  event_.reset(new EventInteraction(made_));
  return *event_;
}

}  // namespace chassis::contract
