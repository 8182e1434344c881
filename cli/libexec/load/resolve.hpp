#pragma once
// Where a load run may go: this machine, and other hosts only when they were named. Names are looked up once, before
// the run; what they stood for then is what is used.

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/load/plan.hpp"

namespace load {

struct Endpoint {
  sockaddr_storage address{};
  socklen_t length = 0;
};

struct ResolvedOrigin {
  Origin origin;
  std::vector<Endpoint> endpoints;  // requests go to them in turn
};

class Places {
 public:
  // Looks up the plan's origins and allowed hosts. Errors: permission (a host that is not this machine and was not
  // named), unavailable (a name that nobody knows).
  static base::Result<Places> make(const Plan& plan);

  const std::vector<ResolvedOrigin>& origins() const { return origins_; }
  // For a redirect: another place, if it may be reached without looking a name up.
  base::Result<ResolvedOrigin> other(Protocol protocol, const std::string& host, std::uint16_t port) const;

 private:
  struct Known {
    std::string host;
    std::vector<Endpoint> endpoints;  // port 0
  };
  std::vector<Known> known_;
  std::vector<ResolvedOrigin> origins_;
};

bool is_loopback(const Endpoint& endpoint);

}  // namespace load
