#include "cli/libexec/load/grpc_codec.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/libexec/proto/json.hpp"
#include "cli/libexec/proto/schema.hpp"
#include "supervisor/spec/suggest.hpp"

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

base::Error no_such_method(const proto::Schema& schema, const std::string& wanted) {
  std::vector<std::string> known;
  for (const auto* file : schema.files()) {
    for (int i = 0; i < file->service_count(); ++i) {
      const auto* service = file->service(i);
      for (int j = 0; j < service->method_count(); ++j) {
        known.push_back(service->full_name() + "/" + service->method(j)->name());
      }
    }
  }
  const std::string near = spec::nearest(wanted, known);
  return base::fail(ErrorCode::not_found,
                    "there is no method " + wanted + " in the protos; " +
                        (near.empty() ? "write it as package.Service/Method" : "did you mean " + near + "?"));
}

// Whether a step's message can be what it says; what is filled in later is seen when it is sent.
base::Result<void> check_message(const GrpcCodec& codec, const Step& step) {
  if (!step.body.is_static()) return base::success();
  std::string json;
  for (const auto& part : step.body.parts) json += part.text;
  std::string unused;
  if (const auto encoded = codec.encode(step.grpc_method, json, unused); !encoded) {
    return base::fail(ErrorCode::malformed,
                      "the message of the step \"" + step.name + "\" does not fit: " + encoded.error().message);
  }
  return base::success();
}

}  // namespace

struct GrpcCodec::Schema {
  std::shared_ptr<const proto::Schema> schema;
};

GrpcCodec::GrpcCodec(std::unique_ptr<Schema> schema) : schema_(std::move(schema)) {}
GrpcCodec::~GrpcCodec() = default;

base::Result<std::shared_ptr<const GrpcCodec>> GrpcCodec::make(const Plan& plan) {
  TRY(auto schema, read_schema(plan));
  auto held = std::make_unique<Schema>();
  held->schema = schema;
  std::shared_ptr<const GrpcCodec> codec(new GrpcCodec(std::move(held)));
  const auto check = [&](const std::vector<Step>& steps) -> base::Result<void> {
    for (const auto& step : steps) {
      if (step.grpc_method.empty()) continue;
      const auto* method = schema->method(step.grpc_method);
      if (method == nullptr) return no_such_method(*schema, step.grpc_method);
      if (method->client_streaming() || method->server_streaming()) {
        return base::fail(ErrorCode::unsupported, step.grpc_method + " streams; load calls unary methods only");
      }
      TRY(check_message(*codec, step));
    }
    return base::success();
  };
  TRY(check(plan.setup));
  for (const auto& scenario : plan.scenarios) {
    TRY(check(scenario.steps));
  }
  return codec;
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
