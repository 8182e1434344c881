#pragma once
// Between JSON and the messages of gRPC calls, framed as gRPC frames them. Does not change once made; thread-safe.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cli/load/plan.hpp"

namespace load {

class GrpcCodec {
 public:
  // Reads the plan's descriptors or protos and looks up each method that a step calls. Errors: malformed, not_found.
  static base::Result<std::shared_ptr<const GrpcCodec>> make(const Plan& plan);
  ~GrpcCodec();

  // Appends the framed message of the method's request. Errors: malformed, for JSON that is none or does not fit.
  base::Result<void> encode(const std::string& method, std::string_view json, std::string& out) const;
  // The message of an answer as JSON. Errors: malformed.
  base::Result<base::Json> decode(const std::string& method, std::string_view message) const;

 private:
  struct Schema;
  explicit GrpcCodec(std::unique_ptr<Schema> schema);
  std::unique_ptr<Schema> schema_;
};

}  // namespace load
