#pragma once
// GET requests to services of this machine over kept connections: thousands of rows are tens of pages. Blocking; not
// thread-safe.

#include <cstdint>
#include <string>

#include <boost/asio/io_context.hpp>

#include "base/http/client.hpp"
#include "base/result.hpp"

namespace invariants {

class Pages {
 public:
  Pages() : client_(io_, limits()) {}
  Pages(const Pages&) = delete;

  // The body of a 200. A service that is away for a moment, as after a crash, is asked again for some seconds. Errors:
  // unavailable, with the request and what came.
  base::Result<std::string> get(std::uint16_t port, const std::string& target);

 private:
  static base::http::ClientLimits limits();
  base::Task<> exchange(std::uint16_t port, std::string target);

  boost::asio::io_context io_{1};
  base::http::Client client_;
  base::Result<base::http::Response> answer_ = base::fail(base::ErrorCode::internal, "nothing was asked");
};

}  // namespace invariants
