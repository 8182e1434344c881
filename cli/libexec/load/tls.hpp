#pragma once
// TLS for the connections of a load run, over OpenSSL. A context is made once and may be shared by threads; a stream
// belongs to one connection and its thread.

#include <memory>
#include <string>

#include "base/result.hpp"
#include "cli/load/plan.hpp"

struct ssl_st;
struct ssl_ctx_st;

namespace load {

// What reading and writing give beside a count above 0.
enum class Io : int { again = 0, closed = -1, failed = -2 };

class TlsContext {
 public:
  // `h2`: asks for HTTP/2 by ALPN, else for HTTP/1.1. Errors: invalid, when a file cannot be used.
  static base::Result<std::shared_ptr<TlsContext>> make(const Tls& tls, bool h2);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  ssl_ctx_st* get() const { return context_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

class TlsStream {
 public:
  // On a connected socket that does not block. `host` is what the certificate must name, unless insecure.
  TlsStream(const TlsContext& context, int fd, const std::string& host);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;

  // 1 when the handshake is over; else as below.
  int handshake();
  int read(char* data, int size);  // how many, or an Io
  int write(const char* data, int size);
  // Why the last call gave Io::failed.
  std::string why() const;

 private:
  int outcome(int result);
  ssl_st* ssl_;
};

}  // namespace load
