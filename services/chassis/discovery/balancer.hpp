#pragma once
// Spreads requests over the instances of a service, round robin. pick() is for the hot path, on any thread: it takes no
// lock and builds nothing; what it hands out is made when the endpoints change.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/http/client.hpp"
#include "services/chassis/discovery/discovery.hpp"

namespace chassis::discovery {

using Targets = std::vector<base::http::Target>;

// Where to send a request: begin at `first` and go on round the list. `targets` is null when nobody is known.
struct Choice {
  std::shared_ptr<const Targets> targets;
  std::size_t first = 0;

  std::size_t size() const { return targets ? targets->size() : 0; }
  const base::http::Target& at(std::size_t attempt) const { return (*targets)[(first + attempt) % targets->size()]; }
};

class Balancer {
 public:
  // By the port of that name.
  Balancer(std::shared_ptr<Feed> feed, std::string port_name);
  ~Balancer();
  Balancer(const Balancer&) = delete;

  Choice pick();

 private:
  void rebuild();

  std::shared_ptr<Feed> feed_;
  std::string port_name_;
  std::atomic<std::shared_ptr<const Targets>> targets_;
  std::atomic<std::size_t> next_{0};
};

// The endpoints' ports of that name as "address:port", separated by commas, as rpc::Transport::connect takes them.
std::string addresses(const Endpoints& endpoints, std::string_view port_name);

}  // namespace chassis::discovery
