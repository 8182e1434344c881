#pragma once
// HTTP to any URL: http:// by our own client, https:// by the program curl, since msctl links no TLS. Secrets go to
// curl on its standard input, never in its arguments. Blocking; one thread.

#include <chrono>
#include <string>

#include "base/http/client.hpp"
#include "base/result.hpp"

namespace contract {

struct Url {
  std::string scheme;  // http or https
  std::string user;    // user:password, or empty; never printed
  std::string host;
  std::uint16_t port = 0;
  std::string target;  // path and query, begins with /

  std::string origin() const;  // http://host:port
};

// Errors: malformed.
base::Result<Url> parse_url(const std::string& text);
// `to` as seen from `base`: absolute, or a path from the root.
base::Result<std::string> resolve_url(const std::string& base, const std::string& to);
// Without user and password, for messages.
std::string shown_url(const std::string& url);

struct WebAuth {
  std::string token;   // Authorization: Bearer
  std::string user;    // user:password
  std::string origin;  // the only one that they go to
};

class Web {
 public:
  virtual ~Web() = default;
  // `body` is sent as it is, with the headers' content type. Errors: unavailable (nobody answers), timeout, malformed
  // (not a URL), not_found (no program curl).
  virtual base::Result<base::http::Response> send(const std::string& method, const std::string& url,
                                                  base::http::Headers headers, const std::string& body = {}) = 0;
};

class RealWeb final : public Web {
 public:
  explicit RealWeb(WebAuth auth = {}, std::chrono::milliseconds timeout = std::chrono::seconds(30))
      : auth_(std::move(auth)), timeout_(timeout) {}
  base::Result<base::http::Response> send(const std::string& method, const std::string& url,
                                          base::http::Headers headers, const std::string& body = {}) override;

 private:
  WebAuth auth_;
  std::chrono::milliseconds timeout_;
};

}  // namespace contract
