#pragma once
// gRPC unary calls over one HTTP/2 connection, one call after the other, on nghttp2 (RFC 9113, and gRPC's own
// PROTOCOL-HTTP2.md). Bytes go in and out by the caller's hands. One thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct nghttp2_session;

namespace load {

class GrpcSession {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  GrpcSession(std::string authority, bool tls);
  ~GrpcSession();
  GrpcSession(const GrpcSession&) = delete;

  // Begins a call. `path` is "/package.Service/Method", `message` a framed message, which is lent until done(); names
  // of metadata in lower case. `keep`: body() and header() are wanted.
  void call(const std::string& path, std::string_view message, const Fields& metadata, std::uint64_t timeout_ns,
            bool keep);

  // What is to be sent; empty when nothing is. wrote() says how much of it went.
  std::string_view output();
  void wrote(std::size_t count);

  // False when the bytes are no HTTP/2 of a server: why().
  bool feed(std::string_view bytes);
  bool done() const { return done_; }
  // Whether another call may be made.
  bool usable() const;
  // gRPC's status: 0 is OK. An answer without one counts as UNKNOWN, or by its HTTP status.
  int status() const;
  // What the server said about a status that is not OK; may be empty.
  std::string error_message() const;
  std::string_view body() const;  // the message, without its frame
  std::string_view header(std::string_view name) const;
  const std::string& why() const { return why_; }
  bool broken() const { return !why_.empty(); }

 private:
  struct Callbacks;

  std::string authority_;
  bool tls_;
  nghttp2_session* session_ = nullptr;
  std::int32_t stream_ = 0;
  std::string_view message_;
  std::string out_;
  std::size_t written_ = 0;
  std::string body_;
  std::string grpc_message_;  // percent-encoded
  Fields headers_;
  std::string why_;
  int grpc_status_ = -1;
  int http_status_ = 0;
  bool keep_ = false;
  bool done_ = false;
  bool going_away_ = false;
};

}  // namespace load
