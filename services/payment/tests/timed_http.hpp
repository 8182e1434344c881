#pragma once
// The fake network with what it lacks: a request that takes longer than its time-out fails, and is answered all the
// same on the other side; and a port at which nobody listens for a while.

#include <memory>
#include <optional>
#include <set>

#include "services/chassis/env/environment.hpp"

namespace payment_service {

class TimedHttp final : public chassis::Http {
 public:
  using Answer = base::Result<base::http::Response>;

  TimedHttp(chassis::Http& inner, chassis::Scheduler& scheduler) : inner_(inner), scheduler_(scheduler) {}

  base::Result<std::unique_ptr<chassis::HttpServer>> serve(const std::string& address, std::uint16_t port,
                                                           base::http::ServerLimits limits, base::http::Handler handler,
                                                           base::http::ErrorBody error_body) override {
    return inner_.serve(address, port, limits, std::move(handler), std::move(error_body));
  }
  base::Task<Answer> send(base::http::Target target, base::http::Request request,
                          std::chrono::milliseconds timeout) override {
    if (away.contains(target.port)) {
      co_return base::fail(base::ErrorCode::unavailable, "cannot connect to port " + std::to_string(target.port));
    }
    const auto exchange = std::make_shared<Exchange>();
    exchange->over = scheduler_.make_signal();
    scheduler_.spawn(carry(inner_.send(std::move(target), std::move(request), timeout), exchange));
    co_await exchange->over->wait(timeout);
    if (exchange->answer) co_return std::move(*exchange->answer);
    co_return base::fail(base::ErrorCode::timeout, "no answer in time");
  }

  std::set<std::uint16_t> away;

 private:
  struct Exchange {
    std::unique_ptr<chassis::Signal> over;
    std::optional<Answer> answer;
  };
  static base::Task<> carry(base::Task<Answer> sending, std::shared_ptr<Exchange> exchange) {
    exchange->answer.emplace(co_await std::move(sending));
    exchange->over->set();
  }

  chassis::Http& inner_;
  chassis::Scheduler& scheduler_;
};

}  // namespace payment_service
