#include "services/chassis/rpc/grpc/wire.hpp"

#include <algorithm>
#include <cstdio>

#include <grpc/support/log.h>

#include "base/json.hpp"

namespace chassis::rpc {

using base::ErrorCode;

grpc::StatusCode to_grpc(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed:
    case ErrorCode::invalid:
    case ErrorCode::method:
    case ErrorCode::unsupported:
      return grpc::INVALID_ARGUMENT;
    case ErrorCode::not_found:
      return grpc::NOT_FOUND;
    case ErrorCode::conflict:
      return grpc::ALREADY_EXISTS;
    case ErrorCode::too_large:
      return grpc::RESOURCE_EXHAUSTED;
    case ErrorCode::timeout:
      return grpc::DEADLINE_EXCEEDED;
    case ErrorCode::unavailable:
      return grpc::UNAVAILABLE;
    case ErrorCode::cancelled:
      return grpc::CANCELLED;
    case ErrorCode::permission:
      return grpc::PERMISSION_DENIED;
    case ErrorCode::bad_gateway:
    case ErrorCode::internal:
      return grpc::INTERNAL;
  }
  return grpc::INTERNAL;
}

ErrorCode from_grpc(grpc::StatusCode code) {
  switch (code) {
    case grpc::INVALID_ARGUMENT:
    case grpc::OUT_OF_RANGE:
      return ErrorCode::invalid;
    case grpc::NOT_FOUND:
      return ErrorCode::not_found;
    case grpc::ALREADY_EXISTS:
    case grpc::ABORTED:
    case grpc::FAILED_PRECONDITION:
      return ErrorCode::conflict;
    case grpc::DEADLINE_EXCEEDED:
      return ErrorCode::timeout;
    case grpc::UNAVAILABLE:
    case grpc::RESOURCE_EXHAUSTED:
      return ErrorCode::unavailable;
    case grpc::CANCELLED:
      return ErrorCode::cancelled;
    case grpc::PERMISSION_DENIED:
    case grpc::UNAUTHENTICATED:
      return ErrorCode::permission;
    default:
      return ErrorCode::internal;
  }
}

void log_as_json() {
  gpr_set_log_function([](gpr_log_func_args* entry) {
    const base::Json line{{"level", entry->severity == GPR_LOG_SEVERITY_ERROR ? "error" : "debug"},
                          {"message", std::string("gRPC: ") + entry->message}};
    std::fprintf(stderr, "%s\n", base::dump_json(line).c_str());
  });
}

bool is_metadata(std::string_view name, std::string_view value) {
  const auto name_char = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  const auto value_char = [](char c) { return c >= 0x20 && c <= 0x7e; };
  return !name.empty() && !name.starts_with("grpc-") && !name.ends_with("-bin") &&
         std::all_of(name.begin(), name.end(), name_char) && std::all_of(value.begin(), value.end(), value_char);
}

}  // namespace chassis::rpc
