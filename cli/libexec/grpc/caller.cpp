#include "cli/libexec/grpc/caller.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/rpc_method.h>
#include <grpcpp/security/credentials.h>

namespace grpc_program {
namespace {

using base::ErrorCode;

constexpr std::size_t channels_kept = 64;

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

base::Result<void> check(const Caller::Call& call) {
  const bool local = call.target.starts_with("unix:/");
  const auto colon = call.target.rfind(':');
  const bool remote = colon != std::string::npos && colon > 0 && colon + 1 < call.target.size() &&
                      call.target.find_first_of("/,") == std::string::npos &&
                      std::all_of(call.target.begin() + static_cast<std::ptrdiff_t>(colon) + 1, call.target.end(),
                                  [](char c) { return c >= '0' && c <= '9'; });
  if (!is_plain(call.target) || !(local || remote)) {
    return base::fail(ErrorCode::invalid, "target: expected host:port or unix:/path, not '" + call.target + "'");
  }
  const auto slash = call.method.find('/', 1);
  const bool whole = call.method.starts_with('/') && slash != std::string::npos && slash > 1 &&
                     slash + 1 < call.method.size() && call.method.find('/', slash + 1) == std::string::npos;
  if (!whole || !is_plain(call.method) || call.method.size() > 1024) {
    return base::fail(ErrorCode::invalid, "method: expected package.Service/Method, not '" + call.method + "'");
  }
  if (call.request.size() > max_message_bytes) return base::fail(ErrorCode::too_large, "request: larger than 4 MiB");
  return base::success();
}

base::Result<std::string> text_of(const base::Json& tls, const char* key) {
  if (!tls.contains(key)) return std::string();
  if (!tls[key].is_string()) return base::fail(ErrorCode::malformed, std::string("tls.") + key + ": must be a string");
  const auto path = tls[key].get<std::string>();
  std::ifstream in(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in) return base::fail(ErrorCode::not_found, std::string("tls.") + key + ": " + path + " cannot be read");
  return text;
}

base::Result<std::shared_ptr<grpc::ChannelCredentials>> credentials_of(const base::Json& tls) {
  if (tls.is_null()) return grpc::InsecureChannelCredentials();
  if (!tls.is_object()) return base::fail(ErrorCode::malformed, "tls: must be an object");
  grpc::SslCredentialsOptions options;
  TRY(options.pem_root_certs, text_of(tls, "ca_file"));
  TRY(options.pem_cert_chain, text_of(tls, "cert_file"));
  TRY(options.pem_private_key, text_of(tls, "key_file"));
  return grpc::SslCredentials(options);
}

}  // namespace

base::Result<std::shared_ptr<grpc::Channel>> Caller::channel_to(const Call& call, const std::string& key) {
  if (const auto kept = channels_.find(key); kept != channels_.end()) return kept->second;
  TRY(const auto credentials, credentials_of(call.tls));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(max_message_bytes);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A new channel is to be a new connection, not one that another channel has given up on.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  if (call.tls.is_object() && call.tls.contains("server_name") && call.tls["server_name"].is_string()) {
    arguments.SetSslTargetNameOverride(call.tls["server_name"].get<std::string>());
  }
  if (channels_.size() >= channels_kept) channels_.clear();
  auto channel = grpc::CreateCustomChannel(call.target, credentials, arguments);
  channels_.emplace(key, channel);
  return channel;
}

base::Result<Outcome> Caller::call(const Call& call) {
  TRY(check(call));
  const auto key = call.target + " " + base::dump_json(call.tls);
  TRY(const auto channel, channel_to(call, key));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(call.deadline_ms));
  for (const auto& [name, value] : call.metadata) context.AddMetadata(name, value);
  const auto request = buffer_of(call.request);
  grpc::ByteBuffer response;
  const grpc::internal::RpcMethod method(call.method.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
  const auto began = std::chrono::steady_clock::now();
  const auto status = grpc::internal::BlockingUnaryCall(channel.get(), method, &context, request, &response);
  Outcome outcome;
  outcome.elapsed_us =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began).count();
  outcome.status = status.error_code();
  outcome.message = status.error_message();
  if (status.ok()) outcome.response = bytes_of(response);
  outcome.initial_metadata = metadata_of(context.GetServerInitialMetadata());
  outcome.trailing_metadata = metadata_of(context.GetServerTrailingMetadata());
  // A channel that lost its server waits before it tries again; the server may be back before that.
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) channels_.erase(key);
  return outcome;
}

}  // namespace grpc_program
