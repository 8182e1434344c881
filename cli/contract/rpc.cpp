#include "cli/contract/rpc.hpp"

#include "base/base64.hpp"
#include "cli/contract/descriptors.hpp"
#include "cli/program/program.hpp"

namespace contract {
namespace {

namespace pact = base::pact;
using base::ErrorCode;
using base::Json;

Json decode_line(const PluginCall& call, const std::string& message, const pact::Body& body) {
  return {{"op", "decode"},
          {"descriptors", {{"set_base64", call.descriptors_base64}}},
          {"message", message},
          {"base64", base::to_base64(body.bytes)}};
}

Json metadata_of(const pact::Message& request) {
  Json metadata = Json::object();
  for (const auto& [name, value] : request.metadata.items()) {
    if (name != "contentType" && name != "content-type" && value.is_string()) metadata[name] = value;
  }
  return metadata;
}

// What came beside the message, as the plugin names it.
Json metadata_in(const Json& answer) {
  Json metadata{{"grpc-status", answer.value("code", "OK")}, {"grpc-message", answer.value("message", "")}};
  for (const char* part : {"initial_metadata", "trailing_metadata"}) {
    const Json values = answer.value(part, Json::object());
    for (const auto& [name, list] : values.items()) {
      if (list.is_array() && !list.empty()) metadata[name] = list.front();
    }
  }
  return metadata;
}

bool is_expected(const pact::Message& response, const std::string& status) {
  return response.metadata.is_object() && response.metadata.value("grpc-status", Json()) == Json(status);
}

}  // namespace

base::Result<PluginCall> plugin_call(const pact::Pact& whole, const pact::Interaction& interaction) {
  const Json& configuration = interaction.plugin_configuration;
  const auto own = configuration.is_object() ? configuration.find("protobuf") : configuration.end();
  if (!configuration.is_object() || own == configuration.end() || !own->is_object()) {
    std::string plugins;
    if (configuration.is_object()) {
      for (const auto& [name, value] : configuration.items()) plugins += (plugins.empty() ? "" : ", ") + name;
    }
    return base::fail(ErrorCode::unsupported,
                      plugins.empty() ? "a synchronous message without the configuration of the protobuf plugin"
                                      : "it needs the Pact plugin " + plugins + "; of plugins, only protobuf is known");
  }
  const std::string key = own->value("descriptorKey", "");
  std::string method = own->value("service", "");
  if (method.starts_with('.')) method.erase(0, 1);
  for (const Json& plugin : whole.metadata.value("plugins", Json::array())) {
    if (!plugin.is_object() || plugin.value("name", "") != "protobuf") continue;
    const Json known = plugin.value("configuration", Json::object());
    const auto entry = known.is_object() ? known.find(key) : known.end();
    if (!known.is_object() || entry == known.end() || !entry->is_object()) continue;
    return PluginCall{method, entry->value("protoDescriptors", "")};
  }
  return base::fail(ErrorCode::unsupported,
                    "the file has no descriptors under metadata.plugins for key \"" + key + "\"");
}

base::Result<Json> GrpcProgram::ask(const Json& line) {
  if (!session_) {
    TRY(const auto helper, program::helper("msctl-grpc"));
    TRY(auto session, program::LineProcess::start({helper.string(), "call"}));
    session_.emplace(std::move(session));
  }
  const auto written = session_->write(base::dump_json(line)) ? session_->read() : std::nullopt;
  if (!written) {
    session_.reset();
    return base::fail(ErrorCode::internal, "msctl-grpc ended without an answer");
  }
  TRY(auto answer, base::parse_json(*written));
  if (answer.is_object() && answer.value("ok", Json(false)) == true) return answer;
  const Json why = answer.is_object() ? answer.value("error", Json("it failed")) : Json("it failed");
  return base::fail(ErrorCode::unsupported, why.is_string() ? why.get<std::string>() : why.dump());
}

base::Result<RpcAnswer> GrpcProgram::call(const std::string& target, const pact::Pact& whole,
                                          const pact::Interaction& interaction, const pact::GenerateContext& values,
                                          std::chrono::milliseconds timeout) {
  TRY(const auto plugin, plugin_call(whole, interaction));
  const Json descriptors{{"set_base64", plugin.descriptors_base64}};
  TRY(const auto described, ask({{"op", "describe"}, {"descriptors", descriptors}, {"with_imports", true}}));
  const Descriptors known(described.value("descriptors", Json::object()));
  const auto method = known.method(plugin.method);
  if (!method) {
    return base::fail(ErrorCode::unsupported, "the file's descriptors have no method " + plugin.method);
  }
  const pact::Message& request = interaction.sync_request;
  const pact::Message& response = interaction.sync_responses.front();
  TRY(const auto asked, ask(decode_line(plugin, method->input, request.contents)));
  TRY(const auto expected, ask(decode_line(plugin, method->output, response.contents)));
  TRY(auto sent, pact::generate_body(request.generators.body, asked.value("json", Json::object()), values));
  TRY(const auto answer, ask({{"op", "call"},
                              {"target", target},
                              {"method", method->path},
                              {"request", sent},
                              {"metadata", metadata_of(request)},
                              {"deadline_ms", timeout.count()},
                              {"descriptors", descriptors}}));
  RpcAnswer result;
  result.expected = known.only_said(method->output, expected.value("json", Json::object()));
  result.status = answer.value("code", "OK");
  result.message = answer.value("message", "");
  if (answer.contains("response")) result.actual = answer["response"];
  result.metadata = metadata_in(answer);
  const bool silent = result.status == "UNAVAILABLE" || result.status == "DEADLINE_EXCEEDED";
  if (silent && !is_expected(response, result.status)) {
    return base::fail(ErrorCode::unavailable, "gRPC status " + result.status + ": " + result.message);
  }
  return result;
}

}  // namespace contract
