#include "cli/stub/rpc.hpp"

#include <algorithm>

#include "base/base64.hpp"
#include "base/json_text.hpp"
#include "cli/program/program.hpp"

namespace stub {
namespace {

namespace pact = base::pact;
using base::Json;

// Of the contents' type, `application/protobuf;message=.user.v1.User`.
std::string message_type(const pact::Message& message) {
  const auto name = pact::parameter(message.contents.content_type, "message");
  return name.substr(name.starts_with('.') ? 1 : 0);
}

// The descriptors that the file has for this interaction, in base64; empty when there are none.
std::string descriptors_of(const pact::Pact& whole, const std::string& key) {
  const auto plugins = whole.metadata.find("plugins");
  if (plugins == whole.metadata.end() || !plugins->is_array()) return {};
  for (const auto& plugin : *plugins) {
    if (!plugin.is_object() || base::text_at(plugin, "name") != "protobuf") continue;
    const auto configuration = plugin.value("configuration", Json::object());
    if (!configuration.is_object() || !configuration.contains(key)) continue;
    if (auto found = base::text_at(configuration[key], "protoDescriptors"); !found.empty()) return found;
  }
  return {};
}

// The metadata of a call as the program tells it: every value a list.
Json flat(const Json& metadata) {
  Json made = Json::object();
  for (const auto& [name, values] : metadata.items()) {
    if (values.is_array() && !values.empty()) made[name] = values[0];
  }
  return made;
}

bool has_states(const pact::Interaction& one, const Json& metadata) {
  const auto wanted = metadata.find("x-pact-state");
  if (wanted == metadata.end() || !wanted->is_array()) return true;
  return std::all_of(wanted->begin(), wanted->end(), [&](const Json& name) {
    return std::any_of(one.states.begin(), one.states.end(), [&](const auto& state) { return name == state.name; });
  });
}

}  // namespace

Rpc::Rpc(program::LineProcess session, const Answers& answers, std::function<void(const std::string&)> log)
    : session_(std::move(session)), answers_(answers), log_(std::move(log)) {}

Rpc::~Rpc() {
  if (server_) server_->close_input();
  if (thread_.joinable()) thread_.join();
}

base::Result<Json> Rpc::ask(Json question) {
  if (!session_.write(base::dump_json(question))) return base::fail(base::ErrorCode::internal, "msctl-grpc is gone");
  const auto line = session_.read();
  if (!line) return base::fail(base::ErrorCode::internal, "msctl-grpc is gone");
  TRY(auto answer, base::parse_json(*line));
  if (answer.is_object() && answer.value("ok", Json(false)) == true) return answer;
  return base::fail(base::ErrorCode::unsupported, "msctl-grpc: " + base::text_at(answer, "error"));
}

base::Result<Json> Rpc::decode(const Json& descriptors, const std::string& type, const std::string& base64) {
  TRY(auto answer, ask({{"op", "decode"}, {"descriptors", descriptors}, {"message", type}, {"base64", base64}}));
  return answer.value("json", Json::object());
}

void Rpc::learn(const pact::Pact& whole, const pact::Interaction& one) {
  const auto own = one.plugin_configuration.find("protobuf");
  const auto configuration = own == one.plugin_configuration.end() ? Json() : *own;
  auto method = base::text_at(configuration, "service");
  if (method.starts_with('.')) method.erase(0, 1);
  const auto set = descriptors_of(whole, base::text_at(configuration, "descriptorKey"));
  if (method.empty() || set.empty() || one.sync_responses.empty()) {
    log_("left out: \"" + one.description + "\" is not in the form of the protobuf plugin");
    return;
  }
  Known known{&one, method, {{"set_base64", set}}, {}, {}};
  const auto& response = one.sync_responses.front();
  auto request =
      decode(known.descriptors, message_type(one.sync_request), base::to_base64(one.sync_request.contents.bytes));
  auto answer = decode(known.descriptors, message_type(response), base::to_base64(response.contents.bytes));
  if (!request || !answer) {
    log_("left out: \"" + one.description + "\": " + (request ? answer : request).error().message);
    return;
  }
  known.request = std::move(request).value();
  known.response = std::move(answer).value();
  known_.push_back(std::move(known));
}

base::Result<std::unique_ptr<Rpc>> Rpc::start(const Contracts& contracts, const Answers& answers, const RpcDoor& door,
                                              std::function<void(const std::string&)> log) {
  TRY(const auto helper, program::helper("msctl-grpc"));
  TRY(auto session, program::LineProcess::start({helper.string(), "call"}));
  std::unique_ptr<Rpc> made(new Rpc(std::move(session), answers, std::move(log)));
  for (const auto& whole : contracts.pacts) {
    for (const auto& one : whole.interactions) {
      if (one.kind == pact::InteractionKind::sync_message) made->learn(whole, one);
    }
  }
  std::vector<std::string> argv = {helper.string(), "serve"};
  if (door.fd >= 0) {
    argv.insert(argv.end(), {"--fd", std::to_string(door.fd)});
  } else {
    argv.insert(argv.end(), {"--listen", door.address});
  }
  TRY(auto server, program::LineProcess::start(argv, door.fd));
  made->server_ = std::make_unique<program::LineProcess>(std::move(server));
  const auto ready = made->server_->read();
  if (!ready || ready->find("\"ready\"") == std::string::npos) {
    return base::fail(base::ErrorCode::unavailable,
                      "msctl-grpc cannot listen at " + (door.fd >= 0 ? "its held socket" : door.address));
  }
  made->thread_ = std::thread([rpc = made.get()] { rpc->serve(); });
  return made;
}

void Rpc::serve() {
  while (const auto line = server_->read()) {
    auto call = base::parse_json(*line);
    if (!call || !call.value().is_object() || !call.value().contains("method")) continue;
    if (!server_->write(base::dump_json(answer(call.value())))) return;
  }
}

Json Rpc::answer(const Json& call) {
  const auto method = base::text_at(call, "method");
  const auto metadata = call.value("metadata", Json::object());
  std::string nearest;
  for (const auto& known : known_) {
    if (known.method != method || !has_states(*known.interaction, metadata)) continue;
    const auto& wanted = known.interaction->sync_request;
    auto request = decode(known.descriptors, message_type(wanted), base::text_at(call, "request_base64"));
    if (!request) continue;
    auto found = pact::match_json(known.request, request.value(), wanted.rules.body, pact::Direction::request);
    auto expected = wanted.metadata;
    expected.erase("contentType");
    for (auto& one : pact::match_metadata(expected, flat(metadata), wanted.rules.metadata))
      found.push_back(std::move(one));
    if (found.empty()) {
      auto made = reply(known);
      made["id"] = call.value("id", Json());
      log_(base::text_at(made, "status") + " " + method + ": \"" + known.interaction->description + "\"");
      return made;
    }
    if (nearest.empty()) {
      nearest = "; nearest is \"" + known.interaction->description + "\", which differs: ";
      for (const auto& one : found) nearest += (&one == found.data() ? "" : "; ") + pact::to_text(one);
    }
  }
  const auto message = "the call of " + method + " is in no contract" + nearest;
  log_("INTERNAL " + message);
  return {{"id", call.value("id", Json())}, {"status", "INTERNAL"}, {"message", message}};
}

Json Rpc::reply(const Known& known) {
  const auto& response = known.interaction->sync_responses.front();
  if (const auto status = base::text_at(response.metadata, "grpc-status"); !status.empty() && status != "OK") {
    return {{"status", status}, {"message", base::text_at(response.metadata, "grpc-message")}};
  }
  auto base64 = base::to_base64(response.contents.bytes);
  if (const auto known_all = pact::check_known(response.generators); !known_all) {
    return {{"status", "INTERNAL"}, {"message", "the example cannot be made: " + known_all.error().message}};
  }
  if (!response.generators.body.empty()) {
    const auto made = pact::generate_body(response.generators.body, known.response, answers_.context());
    const auto encoded = made ? ask({{"op", "encode"},
                                     {"descriptors", known.descriptors},
                                     {"message", message_type(response)},
                                     {"json", made.value()}})
                              : base::Result<Json>(made.error());
    if (!encoded)
      return {{"status", "INTERNAL"}, {"message", "the example cannot be made: " + encoded.error().message}};
    base64 = base::text_at(encoded.value(), "base64");
  }
  return {{"status", "OK"}, {"response_base64", base64}};
}

}  // namespace stub
