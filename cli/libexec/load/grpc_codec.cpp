#include "cli/libexec/load/grpc_codec.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/libexec/proto/json.hpp"
#include "cli/libexec/proto/schema.hpp"

namespace load {
namespace {

using base::ErrorCode;

base::Result<std::shared_ptr<const proto::Schema>> read_schema(const Plan& plan) {
  if (!plan.descriptors.empty()) {
    std::ifstream in(plan.descriptors, std::ios::binary);
    if (!in) return base::fail(ErrorCode::not_found, plan.descriptors + " cannot be read");
    return proto::Schema::parse(std::string(std::istreambuf_iterator<char>(in), {}));
  }
  if (plan.protos.empty()) {
    return base::fail(ErrorCode::not_found,
                      "a step calls a gRPC method, but the scenario names no `protos`: list the .proto files");
  }
  proto::Sources sources;
  for (const auto& file : plan.protos) {
    const std::filesystem::path path(file);
    sources.roots.push_back(path.parent_path());
    sources.files.push_back(path.filename().string());
  }
  return proto::Schema::read(sources);
}

}  // namespace

struct GrpcCodec::Schema {
  std::shared_ptr<const proto::Schema> schema;
};

GrpcCodec::GrpcCodec(std::unique_ptr<Schema> schema) : schema_(std::move(schema)) {}
GrpcCodec::~GrpcCodec() = default;

base::Result<std::shared_ptr<const GrpcCodec>> GrpcCodec::make(const Plan& plan) {
  TRY(auto schema, read_schema(plan));
  const auto check = [&](const std::vector<Step>& steps) -> base::Result<void> {
    for (const auto& step : steps) {
      if (step.grpc_method.empty()) continue;
      const auto* method = schema->method(step.grpc_method);
      if (method == nullptr) {
        return base::fail(ErrorCode::not_found, "there is no method " + step.grpc_method +
                                                    " in the protos; write it as "
                                                    "package.Service/Method");
      }
      if (method->client_streaming() || method->server_streaming()) {
        return base::fail(ErrorCode::unsupported, step.grpc_method + " streams; load calls unary methods only");
      }
    }
    return base::success();
  };
  TRY(check(plan.setup));
  for (const auto& scenario : plan.scenarios) {
    TRY(check(scenario.steps));
  }
  auto held = std::make_unique<Schema>();
  held->schema = std::move(schema);
  return std::shared_ptr<const GrpcCodec>(new GrpcCodec(std::move(held)));
}

base::Result<void> GrpcCodec::encode(const std::string& method, std::string_view json, std::string& out) const {
  const auto* descriptor = schema_->schema->method(method);
  const auto message = schema_->schema->make(*descriptor->input_type());
  if (!json.empty()) {
    TRY(const auto value, base::parse_json(json));
    TRY(proto::from_json(value, *message));
  }
  const std::size_t at = out.size();
  out.append(5, '\0');
  if (!message->AppendToString(&out)) return base::fail(ErrorCode::malformed, "a required field is missing");
  const std::size_t size = out.size() - at - 5;
  for (std::size_t i = 0; i < 4; ++i) out[at + 1 + i] = static_cast<char>(size >> (24 - 8 * i));
  return base::success();
}

base::Result<base::Json> GrpcCodec::decode(const std::string& method, std::string_view message) const {
  const auto* descriptor = schema_->schema->method(method);
  const auto parsed = schema_->schema->make(*descriptor->output_type());
  TRY(proto::from_bytes(message, *parsed));
  return proto::to_json(*parsed);
}

}  // namespace load
