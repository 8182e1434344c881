#include "services/chassis/contract/mock_server.hpp"

#include <stdexcept>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace chassis::contract {

struct MockServer::Impl {
  Impl(base::http::Listener bound, base::http::Handler handler)
      : listener(std::move(bound)), server(io, listener, {}, std::move(handler), error_body) {}

  static base::http::Response error_body(int status, std::string_view detail, const base::http::Request& /*request*/) {
    base::http::Response response;
    response.status = status;
    response.body = detail;
    return response;
  }

  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> busy{io.get_executor()};
  base::http::Listener listener;
  base::http::Server server;
  std::thread thread;
};

MockServer::MockServer(base::http::Handler handler, std::uint16_t port) {
  auto listener = base::http::Listener::tcp("127.0.0.1", port);
  if (!listener) throw std::runtime_error(listener.error().message);
  impl_ = std::make_unique<Impl>(std::move(listener).value(), std::move(handler));
  impl_->server.start();
  impl_->thread = std::thread([impl = impl_.get()] { impl->io.run(); });
}

MockServer::~MockServer() {
  impl_->io.stop();
  impl_->thread.join();
}

std::uint16_t MockServer::port() const { return impl_->listener.port(); }

}  // namespace chassis::contract
