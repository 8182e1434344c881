#pragma once
// The Http port of a running process: on each I/O thread one server on the shared listening socket, and one client.

#include "services/chassis/env/environment.hpp"
#include "services/chassis/host/io_threads.hpp"

namespace chassis {

class AsioHttp final : public Http {
 public:
  explicit AsioHttp(IoThreads& threads);

  base::Result<std::unique_ptr<HttpServer>> serve(const std::string& address, std::uint16_t port,
                                                  base::http::ServerLimits limits, base::http::Handler handler,
                                                  base::http::ErrorBody error_body) override;
  base::Task<base::Result<base::http::Response>> send(base::http::Target target, base::http::Request request,
                                                      std::chrono::milliseconds timeout) override;

 private:
  IoThreads& threads_;
  std::vector<std::unique_ptr<base::http::Client>> clients_;  // by I/O thread
};

}  // namespace chassis
