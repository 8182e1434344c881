#include "services/chassis/contract/wire.hpp"

#include <memory>
#include <set>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>

#include "base/base64.hpp"
#include "base/pact/md5.hpp"
#include "services/chassis/api/json_mapping.hpp"

namespace chassis::contract {
namespace {

namespace pb = google::protobuf;

std::unique_ptr<pb::Message> make(const pb::Descriptor* type) {
  static pb::DynamicMessageFactory others;
  const bool generated = type->file()->pool() == pb::DescriptorPool::generated_pool();
  const auto* prototype =
      generated ? pb::MessageFactory::generated_factory()->GetPrototype(type) : others.GetPrototype(type);
  return std::unique_ptr<pb::Message>(prototype->New());
}

void collect(const pb::FileDescriptor* file, std::set<std::string>& seen, pb::FileDescriptorSet& into) {
  if (!seen.insert(file->name()).second) return;
  for (int i = 0; i < file->dependency_count(); ++i) collect(file->dependency(i), seen, into);
  file->CopyTo(into.add_file());
}

}  // namespace

// https://github.com/grpc/grpc/blob/master/src/proto/grpc/health/v1/health.proto, less its streaming method.
HealthTypes health_types() {
  static pb::DescriptorPool pool;
  static const pb::FileDescriptor* const file = [] {
    pb::FileDescriptorProto health;
    health.set_name("grpc/health/v1/health.proto");
    health.set_package("grpc.health.v1");
    health.set_syntax("proto3");
    auto& request = *health.add_message_type();
    request.set_name("HealthCheckRequest");
    auto& service = *request.add_field();
    service.set_name("service");
    service.set_number(1);
    service.set_label(pb::FieldDescriptorProto::LABEL_OPTIONAL);
    service.set_type(pb::FieldDescriptorProto::TYPE_STRING);
    auto& response = *health.add_message_type();
    response.set_name("HealthCheckResponse");
    auto& states = *response.add_enum_type();
    states.set_name("ServingStatus");
    for (const char* name : {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"}) {
      auto& value = *states.add_value();
      value.set_name(name);
      value.set_number(states.value_size() - 1);
    }
    auto& status = *response.add_field();
    status.set_name("status");
    status.set_number(1);
    status.set_label(pb::FieldDescriptorProto::LABEL_OPTIONAL);
    status.set_type(pb::FieldDescriptorProto::TYPE_ENUM);
    status.set_type_name(".grpc.health.v1.HealthCheckResponse.ServingStatus");
    auto& check = *health.add_service();
    check.set_name("Health");
    auto& method = *check.add_method();
    method.set_name("Check");
    method.set_input_type(".grpc.health.v1.HealthCheckRequest");
    method.set_output_type(".grpc.health.v1.HealthCheckResponse");
    return pool.BuildFile(health);
  }();
  return {file->message_type(0), file->message_type(1)};
}

base::Result<base::pact::Body> message_body(const base::Json& json, const pb::Descriptor* type) {
  const auto message = make(type);
  TRY(from_json(json, *message));
  base::pact::Body body;
  body.state = base::pact::Body::State::present;
  body.bytes = message->SerializeAsString();
  body.content_type = "application/protobuf;message=." + type->full_name();
  body.hint = "BINARY";
  return body;
}

base::Result<base::Json> message_json(const std::string& bytes, const pb::Descriptor* type) {
  const auto message = make(type);
  if (!message->ParseFromString(bytes)) return base::fail(base::ErrorCode::malformed, "no " + type->full_name());
  return to_json(*message);
}

DescriptorSet descriptor_set(const pb::Descriptor* type) {
  pb::FileDescriptorSet set;
  std::set<std::string> seen;
  collect(type->file(), seen, set);
  const auto bytes = set.SerializeAsString();
  return {base::pact::md5_hex(bytes), base::to_base64(bytes), type->file()->DebugString()};
}

std::string_view grpc_status(base::ErrorCode code) {
  switch (code) {
    case base::ErrorCode::malformed:
    case base::ErrorCode::invalid:
    case base::ErrorCode::method:
    case base::ErrorCode::unsupported:
      return "INVALID_ARGUMENT";
    case base::ErrorCode::not_found:
      return "NOT_FOUND";
    case base::ErrorCode::conflict:
      return "ALREADY_EXISTS";
    case base::ErrorCode::too_large:
      return "RESOURCE_EXHAUSTED";
    case base::ErrorCode::timeout:
      return "DEADLINE_EXCEEDED";
    case base::ErrorCode::unavailable:
      return "UNAVAILABLE";
    case base::ErrorCode::cancelled:
      return "CANCELLED";
    case base::ErrorCode::permission:
      return "PERMISSION_DENIED";
    case base::ErrorCode::bad_gateway:
    case base::ErrorCode::internal:
      return "INTERNAL";
  }
  return "INTERNAL";
}

}  // namespace chassis::contract
