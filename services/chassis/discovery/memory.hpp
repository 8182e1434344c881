#pragma once
// Discovery for tests: knows what it is told.

#include "services/chassis/discovery/discovery.hpp"

namespace chassis::discovery {

class MemoryDiscovery final : public Discovery {
 public:
  explicit MemoryDiscovery(const Config& config) : config_(config) {}

  std::shared_ptr<Feed> follow(const std::string& service) override {
    auto feed = std::make_shared<Feed>(configured(config_, service));
    feeds_[service].push_back(feed);
    if (known_.contains(service)) publish(service);
    return feed;
  }
  void set(const std::string& service, Endpoints endpoints) {
    known_[service] = std::move(endpoints);
    publish(service);
  }

 private:
  void publish(const std::string& service) {
    const auto& known = known_[service];
    for (const auto& weak : feeds_[service]) {
      if (const auto feed = weak.lock()) feed->publish(known.empty() ? configured(config_, service) : known);
    }
  }

  const Config& config_;
  std::map<std::string, Endpoints> known_;
  std::map<std::string, std::vector<std::weak_ptr<Feed>>> feeds_;
};

}  // namespace chassis::discovery
