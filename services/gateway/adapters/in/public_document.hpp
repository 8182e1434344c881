#pragma once
// Answers /openapi.json at the gateway: asks the services behind it for theirs and keeps the answer for a while.
// Thread-safe.

#include <mutex>

#include "services/chassis/api/entry.hpp"
#include "services/gateway/adapters/in/proxy.hpp"

namespace gateway_service::adapters {

class PublicDocument {
 public:
  // A service that starts or is replaced is described that much later.
  static constexpr std::chrono::seconds kept_for{5};
  static constexpr std::chrono::milliseconds patience{2'000};  // with one service

  // All borrowed.
  PublicDocument(chassis::Environment& env, const std::vector<domain::Route>& routes, const Upstreams& upstreams)
      : env_(env), routes_(routes), upstreams_(upstreams) {}

  base::Task<chassis::Handled> handle() const;

 private:
  base::Task<base::Json> document_of(std::size_t upstream) const;

  chassis::Environment& env_;
  const std::vector<domain::Route>& routes_;
  const Upstreams& upstreams_;
  mutable std::mutex mutex_;
  mutable std::string text_;
  mutable base::Monotonic until_{};
};

}  // namespace gateway_service::adapters
