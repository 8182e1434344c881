#pragma once
// The Http port of a running process: on each I/O thread one server on the shared listening socket, and one client.

#include <map>

#include "services/chassis/env/environment.hpp"
#include "services/chassis/host/io_threads.hpp"

namespace chassis {

class AsioHttp final : public Http {
 public:
  explicit AsioHttp(IoThreads& threads);

  // serve() on that socket's port will use it instead of binding.
  void adopt(base::http::Listener held) { held_.insert_or_assign(held.port(), std::move(held)); }

  base::Result<std::unique_ptr<HttpServer>> serve(const std::string& address, std::uint16_t port,
                                                  base::http::ServerLimits limits, base::http::Handler handler,
                                                  base::http::ErrorBody error_body) override;
  base::Task<base::Result<base::http::Response>> send(base::http::Target target, base::http::Request request,
                                                      std::chrono::milliseconds timeout) override;

 private:
  base::Result<base::http::Listener> listen(const std::string& address, std::uint16_t port);

  IoThreads& threads_;
  std::map<std::uint16_t, base::http::Listener> held_;        // by port
  std::vector<std::unique_ptr<base::http::Client>> clients_;  // by I/O thread
};

}  // namespace chassis
