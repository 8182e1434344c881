#pragma once
// gRPC unary calls over one HTTP/2 connection, one call at a time, on nghttp2. Internal; one thread.

#include <string>
#include <string_view>

#include "cli/load/plan.hpp"

namespace load {

class GrpcCodec {};

class GrpcSession {
 public:
  GrpcSession(std::string authority, bool tls);
  void call(const GrpcCodec& codec, const Step& step, std::string_view message, const std::string& metadata, bool keep);
  std::string_view output();
  void wrote(std::size_t count);
  bool feed(std::string_view bytes);
  bool done() const { return false; }
  bool usable() const { return false; }
  int status() const { return 2; }
  std::string_view body() const { return {}; }
  std::string_view header(std::string_view name) const;
  std::string why() const { return {}; }
};

}  // namespace load
