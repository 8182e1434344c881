#include "services/chassis/discovery/balancer.hpp"

#include <algorithm>

namespace chassis::discovery {
namespace {

// The endpoints' ports of that name. Instances that share a listening socket are one place.
Targets places(const Endpoints& endpoints, std::string_view port_name) {
  Targets targets;
  for (const auto& endpoint : endpoints) {
    const auto port = port_of(endpoint, port_name);
    const auto same = [&](const auto& each) { return each.port == port && each.address == endpoint.address; };
    if (!port || std::any_of(targets.begin(), targets.end(), same)) continue;
    targets.emplace_back();
    targets.back().address = endpoint.address;
    targets.back().port = *port;
  }
  return targets;
}

}  // namespace

Balancer::Balancer(std::shared_ptr<Feed> feed, std::string port_name)
    : feed_(std::move(feed)), port_name_(std::move(port_name)) {
  rebuild();
  feed_->on_change([this] { rebuild(); });
}

Balancer::~Balancer() { feed_->on_change(nullptr); }

Choice Balancer::pick() {
  auto targets = targets_.load(std::memory_order_acquire);
  if (targets->empty()) return {};
  const auto first = targets->size() == 1 ? 0 : next_.fetch_add(1, std::memory_order_relaxed) % targets->size();
  return {std::move(targets), first};
}

void Balancer::rebuild() {
  const auto endpoints = feed_->endpoints();
  targets_.store(std::make_shared<const Targets>(places(*endpoints, port_name_)), std::memory_order_release);
}

std::string addresses(const Endpoints& endpoints, std::string_view port_name) {
  std::string text;
  for (const auto& each : places(endpoints, port_name)) {
    text += (text.empty() ? "" : ",") + each.address + ":" + std::to_string(each.port);
  }
  return text;
}

}  // namespace chassis::discovery
