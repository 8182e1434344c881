#include "cli/contract/endpoint.hpp"

#include <algorithm>

#include "base/base64.hpp"
#include "base/pact/file.hpp"
#include "cli/program/program.hpp"

namespace contract {
namespace {

namespace http = base::http;
namespace pact = base::pact;
using base::ErrorCode;
using base::Json;

// Of a program that sets a state up, in seconds, as `timeout` takes it.
constexpr const char* program_patience = "60";
constexpr int ended_by_timeout = 124;

// The sentence of an error answer: problem+json, {"error": …}, or its first line.
std::string reason_in(const http::Response& answer) {
  const auto body = base::parse_json(answer.body);
  if (body && body.value().is_object()) {
    for (const char* key : {"detail", "error", "message"}) {
      const auto found = body.value().find(key);
      if (found != body.value().end() && found->is_string()) return found->get<std::string>();
    }
  }
  std::string line = answer.body.substr(0, answer.body.find('\n')).substr(0, 200);
  return line.empty() ? "HTTP status " + std::to_string(answer.status)
                      : "HTTP status " + std::to_string(answer.status) + ": " + line;
}

// An answer of the chassis's own door, and not of a service that happens to answer at that path.
bool is_from_door(const http::Response& answer) {
  return answer.status / 100 == 2 || answer.headers.get("content-type") == "application/problem+json";
}

// The event type that the contract is about, where its metadata or its contents say it.
std::string type_of(const pact::Interaction& interaction) {
  const Json& metadata = interaction.message.metadata;
  for (const char* key : {"type", "ce-type", "ce_type", "cloudEvents:type"}) {
    const auto found = metadata.find(key);
    if (found != metadata.end() && found->is_string()) return found->get<std::string>();
  }
  const auto contents = base::parse_json(interaction.message.contents.bytes);
  if (!contents || !contents.value().is_object() || !contents.value().contains("specversion")) return {};
  const Json type = contents.value().value("type", Json());
  return type.is_string() ? type.get<std::string>() : std::string();
}

Json state_list(const std::vector<pact::ProviderState>& states) {
  Json list = Json::array();
  for (const auto& state : states) list.push_back({{"name", state.name}, {"params", state.params}});
  return list;
}

pact::ActualMessage to_message(std::string bytes, std::string content_type, Json metadata) {
  pact::ActualMessage message;
  message.contents.state = bytes.empty() ? pact::Body::State::empty : pact::Body::State::present;
  message.contents.bytes = std::move(bytes);
  message.contents.content_type = std::move(content_type);
  message.metadata = metadata.is_object() ? std::move(metadata) : Json(Json::object());
  return message;
}

}  // namespace

base::Result<http::Response> Endpoint::send(http::Request request) {
  if (parts_.url.empty()) {
    return base::fail(ErrorCode::unsupported, parts_.name + " has no port named http, so it cannot be asked over HTTP");
  }
  TRY(const Url url, parse_url(parts_.url));
  const std::string prefix = url.target.ends_with('/') ? url.target.substr(0, url.target.size() - 1) : url.target;
  request.target.insert(0, prefix);
  if (url.scheme == "https")
    return web_.send(request.method, url.origin() + request.target, request.headers, request.body);
  http::Target target;
  target.address = url.host.starts_with('[') ? url.host.substr(1, url.host.size() - 2) : url.host;
  target.port = url.port;
  // A Host that the consumer sent is part of the contract.
  if (const auto host = request.headers.get("host"); !host.empty()) target.host = host.substr(0, host.find(':'));
  return http::send_blocking(target, std::move(request), parts_.timeout);
}

base::Error Endpoint::no_states() const {
  return base::fail(ErrorCode::not_found,
                    parts_.name +
                        " has no provider states: name a program or a path under contracts.states in its "
                        "service.yaml, or restart it if it is built on the chassis");
}

base::Result<http::Response> Endpoint::post(const Door& door, const Json& body) {
  http::Headers headers;
  headers.add("Content-Type", "application/json");
  if (!door.secret.empty()) headers.add("Authorization", "Bearer " + door.secret);
  return web_.send("POST", door.url, std::move(headers), base::dump_json(body));
}

base::Result<Json> Endpoint::by_program(const Door& door, const Json& input, const std::string& what) const {
  program::Options options;
  options.folder = door.folder;
  options.input = base::dump_json(input) + "\n";
  options.added = door.variables;
  std::vector<std::string> argv{"timeout", "--kill-after=5", program_patience};
  argv.insert(argv.end(), door.command.begin(), door.command.end());
  TRY(const auto ran, program::ask(argv, options));
  const std::string program = door.command.front();
  if (ran.exit_code == ended_by_timeout) {
    return base::fail(ErrorCode::invalid, what + ": " + program + " did not end within " + program_patience + " s");
  }
  if (ran.exit_code != 0) {
    std::string last = ran.err;
    while (last.ends_with('\n')) last.pop_back();
    if (const auto line = last.rfind('\n'); line != std::string::npos) last.erase(0, line + 1);
    return base::fail(ErrorCode::invalid, what + ": " + program + " ended with exit code " +
                                              std::to_string(ran.exit_code) +
                                              (last.empty() ? "" : ": " + last.substr(0, 300)));
  }
  if (ran.out.find_first_not_of(" \n\r\t") == std::string::npos) return Json(Json::object());
  auto values = base::parse_json(ran.out);
  if (!values) {
    return base::fail(ErrorCode::invalid,
                      what + ": " + program + " printed what is no JSON: " + values.error().message);
  }
  return values;
}

base::Result<Json> Endpoint::state_by_http(const Json& body) {
  const std::string what = "provider state \"" + body.value("state", "") + "\"";
  auto answer = post(parts_.states, body);
  if (!answer) return answer.error();
  if (parts_.states.of_chassis && !is_from_door(answer.value())) return no_states();
  if (answer.value().status / 100 != 2) {
    return base::fail(ErrorCode::invalid, what + ": " + reason_in(answer.value()));
  }
  auto values = base::parse_json(answer.value().body);
  // Other frameworks answer with nothing or with a word.
  return values && values.value().is_object() ? std::move(values).value() : Json(Json::object());
}

base::Result<Json> Endpoint::change_state(const std::string& consumer, const pact::ProviderState& state,
                                          bool teardown) {
  if (parts_.states.empty()) return no_states();
  const Json body{{"consumer", consumer},
                  {"state", state.name},
                  {"states", Json::array({state.name})},
                  {"params", state.params},
                  {"action", teardown ? "teardown" : "setup"}};
  if (!parts_.states.command.empty()) {
    return by_program(parts_.states, body, "provider state \"" + state.name + "\"");
  }
  return state_by_http(body);
}

base::Result<pact::ActualMessage> Endpoint::message_by_http(const Json& body) {
  auto answer = post(parts_.messages, body);
  if (!answer) return answer.error();
  const auto& got = answer.value();
  if (parts_.messages.of_chassis && !is_from_door(got)) {
    return base::fail(ErrorCode::unsupported, parts_.name +
                                                  " gives no messages: name a program or a path under "
                                                  "contracts.messages in its service.yaml");
  }
  if (got.status / 100 != 2) return base::fail(ErrorCode::invalid, "no message came: " + reason_in(got));
  Json metadata = Json::object();
  for (const char* name : {"pact-message-metadata", "pact_message_metadata"}) {
    const auto bytes = base::from_base64(got.headers.get(name));
    const auto read = bytes ? base::parse_json(bytes.value()) : base::Result<Json>(bytes.error());
    if (read && read.value().is_object()) metadata.update(read.value());
  }
  const std::string type(got.headers.get("content-type"));
  if (!metadata.contains("contentType") && !type.empty()) metadata["contentType"] = type;
  return to_message(got.body, type, std::move(metadata));
}

base::Result<pact::ActualMessage> Endpoint::message(const pact::Interaction& interaction) {
  if (parts_.messages.empty()) {
    return base::fail(ErrorCode::unsupported, parts_.name +
                                                  " gives no messages: name a program or a path under "
                                                  "contracts.messages in its service.yaml");
  }
  Json body{{"description", interaction.description}, {"providerStates", state_list(interaction.states)}};
  if (const auto type = type_of(interaction); !type.empty()) body["type"] = type;
  return message_by_door(body);
}

base::Result<pact::ActualMessage> Endpoint::reply(const pact::Interaction& interaction, const pact::Message& request) {
  // The chassis's door gives events, and answers nothing.
  if (parts_.messages.empty() || parts_.messages.of_chassis) {
    return base::fail(ErrorCode::unsupported,
                      parts_.name +
                          " answers no synchronous messages: name a program or a path under "
                          "contracts.messages in its service.yaml, or beside --url give --messages-url");
  }
  return message_by_door({{"description", interaction.description},
                          {"providerStates", state_list(interaction.states)},
                          {"request", pact::write_message(request)}});
}

base::Result<pact::ActualMessage> Endpoint::message_by_door(const Json& body) {
  if (parts_.messages.command.empty()) return message_by_http(body);
  TRY(const auto printed, by_program(parts_.messages, body, "the message"));
  if (!printed.is_object() || !printed.contains("contents")) {
    return base::fail(ErrorCode::invalid, "the message: " + parts_.messages.command.front() +
                                              " must print {\"contents\": …, \"metadata\": {…}}");
  }
  const Json& contents = printed["contents"];
  const Json metadata = printed.value("metadata", Json::object());
  const Json type = metadata.is_object() ? metadata.value("contentType", Json("application/json")) : Json();
  const std::string content_type = type.is_string() ? type.get<std::string>() : std::string();
  // JSON has no bytes: those of a binary type are printed in base64, as a Pact file has them.
  const std::string bytes =
      contents.is_string() ? pact::as_bytes(contents.get<std::string>(), content_type) : base::dump_json(contents);
  return to_message(bytes, content_type, metadata);
}

base::Result<RpcAnswer> Endpoint::call(const pact::Pact& whole, const pact::Interaction& interaction,
                                       const pact::GenerateContext& values) {
  // Which plugin is missing says more than which port.
  if (const auto known = plugin_call(whole, interaction); !known) return known.error();
  if (parts_.grpc.empty()) {
    return base::fail(ErrorCode::unsupported, parts_.name + " has no port named grpc, so it cannot be called");
  }
  return rpc_.call(parts_.grpc, whole, interaction, values, parts_.timeout);
}

}  // namespace contract
