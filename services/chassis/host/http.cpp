#include "services/chassis/host/http.hpp"

#include <algorithm>
#include <atomic>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/resume.hpp"

namespace chassis {

namespace asio = boost::asio;

namespace {

class ThreadedServer final : public HttpServer {
 public:
  ThreadedServer(IoThreads& threads, base::http::Listener listener, base::http::ServerLimits limits,
                 const base::http::Handler& handler, const base::http::ErrorBody& error_body)
      : threads_(threads), listener_(std::move(listener)), port_(listener_.port()) {
    for (auto* io : threads.all()) {
      servers_.push_back(std::make_unique<base::http::Server>(*io, listener_, limits, handler, error_body));
      servers_.back()->start();
    }
  }

  std::uint16_t port() const override { return port_; }

  base::Task<> drain(std::chrono::milliseconds deadline) override {
    listener_ = {};  // each server closes its own copy
    const auto lame_duck = std::min<std::chrono::milliseconds>(base::http::recent_use, deadline / 4);
    auto all = [this, deadline, lame_duck](base::Resume<int> resume) {
      auto left = std::make_shared<std::atomic<std::size_t>>(servers_.size());
      for (std::size_t i = 0; i < servers_.size(); ++i) {
        asio::co_spawn(threads_.at(i), servers_[i]->drain(deadline, lame_duck), [left, resume](std::exception_ptr) {
          if (--*left == 0) resume(0);
        });
      }
    };
    auto drained = base::await_foreign<int>(std::move(all));
    co_await std::move(drained);
  }

 private:
  IoThreads& threads_;
  base::http::Listener listener_;
  std::uint16_t port_;
  std::vector<std::unique_ptr<base::http::Server>> servers_;
};

}  // namespace

AsioHttp::AsioHttp(IoThreads& threads) : threads_(threads) {
  for (auto* io : threads.all()) clients_.push_back(std::make_unique<base::http::Client>(*io));
}

base::Result<std::unique_ptr<HttpServer>> AsioHttp::serve(const std::string& address, std::uint16_t port,
                                                          base::http::ServerLimits limits, base::http::Handler handler,
                                                          base::http::ErrorBody error_body) {
  TRY(auto listener, listen(address, port));
  limits.connections = std::max<std::size_t>(1, limits.connections / threads_.size());
  return std::unique_ptr<HttpServer>(
      std::make_unique<ThreadedServer>(threads_, std::move(listener), limits, handler, error_body));
}

base::Result<base::http::Listener> AsioHttp::listen(const std::string& address, std::uint16_t port) {
  const auto held = held_.find(port);
  if (held == held_.end()) return base::http::Listener::tcp(address, port);
  auto listener = std::move(held->second);
  held_.erase(held);
  return listener;
}

base::Task<base::Result<base::http::Response>> AsioHttp::send(base::http::Target target, base::http::Request request,
                                                              std::chrono::milliseconds timeout) {
  const auto executor = co_await asio::this_coro::executor;
  auto& client = *clients_[threads_.index_of(executor.context())];
  co_return co_await client.send(std::move(target), std::move(request), timeout);
}

}  // namespace chassis
