#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "supervisor/spec/cluster.hpp"

namespace spec {
namespace {

// Sockets that hold the chosen numbers until all are chosen, so that none is given twice.
class HeldPorts {
 public:
  HeldPorts() = default;
  HeldPorts(const HeldPorts&) = delete;
  HeldPorts& operator=(const HeldPorts&) = delete;
  ~HeldPorts() {
    for (const int held : held_) ::close(held);
  }

  base::Result<std::uint16_t> take() {
    const int held = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (held < 0) return failure("no socket to find a free port with");
    held_.push_back(held);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(held, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(held, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      return failure("no free port on 127.0.0.1");
    }
    return ntohs(address.sin_port);
  }

 private:
  static base::Error failure(const std::string& what) {
    return base::fail(base::ErrorCode::internal, what + ": " + std::strerror(errno));
  }

  std::vector<int> held_;
};

}  // namespace

base::Result<void> assign_free_ports(Cluster& cluster, const RememberedPorts& remembered) {
  std::set<std::uint16_t> fixed;
  for (auto& [name, service] : cluster.services) {
    for (auto& [port_name, number] : service.ports) {
      const auto before = remembered.find(name + "." + port_name);
      if (number == 0 && before != remembered.end()) number = before->second;
      fixed.insert(number);
    }
  }
  HeldPorts held;
  for (auto& [name, service] : cluster.services) {
    for (auto& [port_name, number] : service.ports) {
      while (number == 0) {
        TRY(const std::uint16_t free_port, held.take());
        if (!fixed.contains(free_port)) number = free_port;
      }
    }
  }
  return base::success();
}

std::map<std::string, std::uint16_t> public_ports(const Service& service) {
  auto ports = service.fronts;
  ports.insert(service.ports.begin(), service.ports.end());
  return ports;
}

Service instance_of(const Service& service, int number) {
  Service one = service;
  one.instance = service.name;
  if (number < 2) return one;
  one.instance += "." + std::to_string(number);
  for (auto& [name, port] : one.ports) {
    if (std::find(one.sockets.begin(), one.sockets.end(), name) == one.sockets.end()) port = 0;
  }
  return one;
}

}  // namespace spec
