#pragma once
// Protobuf messages in Pact files, in the form of the Pact protobuf plugin. Inside the module.

#include <string>

#include "base/json.hpp"
#include "base/pact/body.hpp"

namespace google::protobuf {
class Descriptor;
}

namespace chassis::contract {

// application/protobuf;message=.user.v1.User with the message's bytes. Errors: malformed where the JSON is no such
// message.
base::Result<base::pact::Body> message_body(const base::Json& json, const google::protobuf::Descriptor* type);
// The bytes as JSON with the original field names, defaults printed. Errors: malformed.
base::Result<base::Json> message_json(const std::string& bytes, const google::protobuf::Descriptor* type);

// A FileDescriptorSet of the message's file and all it imports, imports first, in base64; its MD5 is the key.
struct DescriptorSet {
  std::string key;
  std::string base64;
  std::string source;  // the file as text
};
DescriptorSet descriptor_set(const google::protobuf::Descriptor* type);

// The messages of grpc.health.v1, of which no generated code is linked.
struct HealthTypes {
  const google::protobuf::Descriptor* request;
  const google::protobuf::Descriptor* response;
};
HealthTypes health_types();

// `NOT_FOUND`: what the status of an error is called in gRPC, as chassis/rpc/grpc maps it.
std::string_view grpc_status(base::ErrorCode code);

}  // namespace chassis::contract
