#include "cli/libexec/load/tls.hpp"

#include <arpa/inet.h>

#include <array>
#include <filesystem>
#include <system_error>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace load {
namespace {

base::Error broken(const std::string& what, const std::string& file) {
  if (std::error_code error; !std::filesystem::exists(file, error)) {
    ERR_clear_error();
    return base::fail(base::ErrorCode::not_found, "the " + what + " in " + file + " cannot be used: no such file");
  }
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return base::fail(base::ErrorCode::invalid, "the " + what + " in " + file + " cannot be used: " + text.data());
}

bool is_address(const std::string& host) {
  in6_addr unused{};
  return ::inet_pton(AF_INET, host.c_str(), &unused) == 1 || ::inet_pton(AF_INET6, host.c_str(), &unused) == 1;
}

}  // namespace

base::Result<std::shared_ptr<TlsContext>> TlsContext::make(const Tls& tls, bool h2) {
  SSL_CTX* raw = SSL_CTX_new(TLS_client_method());
  if (raw == nullptr) return base::fail(base::ErrorCode::internal, "TLS cannot be set up");
  std::shared_ptr<TlsContext> context(new TlsContext(raw));
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(raw, tls.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  if (!tls.ca.empty() && SSL_CTX_load_verify_locations(raw, tls.ca.c_str(), nullptr) != 1) {
    return broken("certificates", tls.ca);
  }
  if (tls.ca.empty()) SSL_CTX_set_default_verify_paths(raw);
  if (!tls.certificate.empty()) {
    if (SSL_CTX_use_certificate_chain_file(raw, tls.certificate.c_str()) != 1) {
      return broken("certificate", tls.certificate);
    }
    if (SSL_CTX_use_PrivateKey_file(raw, tls.key.c_str(), SSL_FILETYPE_PEM) != 1) return broken("key", tls.key);
  }
  static constexpr std::array<unsigned char, 3> two{2, 'h', '2'};
  static constexpr std::array<unsigned char, 9> one{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  SSL_CTX_set_alpn_protos(raw, h2 ? two.data() : one.data(), h2 ? two.size() : one.size());
  return context;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

TlsStream::TlsStream(const TlsContext& context, int fd, const std::string& host) : ssl_(SSL_new(context.get())) {
  SSL_set_fd(ssl_, fd);
  SSL_set_connect_state(ssl_);
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), host.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl_, host.c_str());
    SSL_set1_host(ssl_, host.c_str());
  }
}

TlsStream::~TlsStream() { SSL_free(ssl_); }

int TlsStream::outcome(int result) {
  if (result > 0) return result;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return static_cast<int>(Io::again);
    case SSL_ERROR_ZERO_RETURN:
      return static_cast<int>(Io::closed);
    default:
      return static_cast<int>(Io::failed);
  }
}

int TlsStream::handshake() {
  ERR_clear_error();
  return outcome(SSL_do_handshake(ssl_));
}

int TlsStream::read(char* data, int size) {
  ERR_clear_error();
  return outcome(SSL_read(ssl_, data, size));
}

int TlsStream::write(const char* data, int size) {
  ERR_clear_error();
  return outcome(SSL_write(ssl_, data, size));
}

std::string TlsStream::why() const {
  if (const long verified = SSL_get_verify_result(ssl_); verified != X509_V_OK) {
    return std::string("the certificate is not trusted: ") + X509_verify_cert_error_string(verified);
  }
  const unsigned long error = ERR_peek_last_error();
  if (error == 0) return "the connection was closed within TLS";
  const char* reason = ERR_reason_error_string(error);
  return std::string("TLS: ") + (reason != nullptr ? reason : "failed");
}

}  // namespace load
