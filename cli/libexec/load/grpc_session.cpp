#include "cli/libexec/load/grpc_session.hpp"

namespace load {

GrpcSession::GrpcSession(std::string, bool) {}
void GrpcSession::call(const GrpcCodec&, const Step&, std::string_view, const std::string&, bool) {}
std::string_view GrpcSession::output() { return {}; }
void GrpcSession::wrote(std::size_t) {}
bool GrpcSession::feed(std::string_view) { return false; }
std::string_view GrpcSession::header(std::string_view) const { return {}; }

}  // namespace load
