#pragma once
// The provider over HTTP. Thread-safe.

#include "services/chassis/env/environment.hpp"
#include "services/payment/ports/provider.hpp"

namespace payment_service::legacy {

class LegacyProvider final : public ports::Provider {
 public:
  // At the address and with the time-out of `calls: {legacy-payments: …}`. Errors: invalid when that is not declared
  // or its address is none.
  static base::Result<std::unique_ptr<LegacyProvider>> connect(chassis::Environment& env);

  base::Task<ports::Outcome> ask(ports::Demand demand) override;
  base::Task<base::Result<ports::Finding>> find(ports::Demand demand) override;
  base::Task<base::Result<void>> ping(base::Monotonic deadline) override;

 private:
  LegacyProvider(chassis::Environment& env, base::http::Target target, std::chrono::milliseconds timeout)
      : env_(env), target_(std::move(target)), timeout_(timeout) {}

  base::Task<base::Result<base::http::Response>> send(std::string operation, base::http::Request request);
  void count(const std::string& operation, const std::string& outcome);

  chassis::Environment& env_;
  base::http::Target target_;
  std::chrono::milliseconds timeout_;
};

}  // namespace payment_service::legacy
