#pragma once
// Where the instances of other services are: name → endpoints with metadata, and news when they change. A port; drivers
// are `static` (the addresses of the configuration), Consul's HTTP API (consul.hpp) and memory (memory.hpp).

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/chassis/env/environment.hpp"

namespace chassis::discovery {

struct Endpoint {
  std::string id;       // of the instance
  std::string address;  // IPv4
  std::uint16_t port = 0;
  std::map<std::string, std::string> meta;  // `port_NAME` for each named port
  bool operator==(const Endpoint&) const = default;
};

using Endpoints = std::vector<Endpoint>;  // ordered by id

// The port of that name: what `port_NAME` says, or for `http` the endpoint's own.
std::optional<std::uint16_t> port_of(const Endpoint& endpoint, std::string_view name);

// What is known of one service. Readers are on any thread and take no lock of ours; publish() and on_change() belong to
// the thread of the service's run().
class Feed {
 public:
  explicit Feed(Endpoints first) : list_(std::make_shared<const Endpoints>(std::move(first))) {}

  // Never null; empty while nothing is known.
  std::shared_ptr<const Endpoints> endpoints() const { return list_.load(std::memory_order_acquire); }
  // Called after each change with the new list in place. One callback.
  void on_change(std::function<void()> callback) { changed_ = std::move(callback); }
  // For drivers. False when that is what was known.
  bool publish(Endpoints endpoints);

 private:
  std::atomic<std::shared_ptr<const Endpoints>> list_;
  std::function<void()> changed_;
};

class Discovery {
 public:
  virtual ~Discovery() = default;
  // Follows the service until the result is let go. Begins with what the configuration says, and comes back to that
  // when nothing else is known: an address that may be wrong is better than none.
  virtual std::shared_ptr<Feed> follow(const std::string& service) = 0;
};

// The addresses in the configuration: of `calls` as port_grpc, of `routes` as port_http. They never change.
class StaticDiscovery final : public Discovery {
 public:
  explicit StaticDiscovery(const Config& config) : config_(config) {}
  std::shared_ptr<Feed> follow(const std::string& service) override;

 private:
  const Config& config_;
};

Endpoints configured(const Config& config, const std::string& service);

// The driver that the configuration names. `env` is lent.
std::unique_ptr<Discovery> make_discovery(Environment& env);

}  // namespace chassis::discovery
