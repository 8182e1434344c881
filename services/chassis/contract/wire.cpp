#include "services/chassis/contract/wire.hpp"

#include <memory>
#include <set>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>

#include "base/pact/md5.hpp"
#include "services/chassis/api/json_mapping.hpp"

namespace chassis::contract {
namespace {

namespace pb = google::protobuf;

std::unique_ptr<pb::Message> make(const pb::Descriptor* type) {
  const auto* prototype = pb::MessageFactory::generated_factory()->GetPrototype(type);
  return std::unique_ptr<pb::Message>(prototype->New());
}

void collect(const pb::FileDescriptor* file, std::set<std::string>& seen, pb::FileDescriptorSet& into) {
  if (!seen.insert(file->name()).second) return;
  for (int i = 0; i < file->dependency_count(); ++i) collect(file->dependency(i), seen, into);
  file->CopyTo(into.add_file());
}

}  // namespace

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
  return {base::pact::md5_hex(bytes), base::pact::to_base64(bytes), type->file()->DebugString()};
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
