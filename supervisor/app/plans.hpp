#pragma once
// How the cluster's services are started, from its files: the real Plans. One thread.

#include <map>
#include <memory>

#include "supervisor/app/instance.hpp"
#include "supervisor/posix/held_sockets.hpp"
#include "supervisor/spec/cluster.hpp"

namespace app {

class FilePlans final : public Plans {
 public:
  // `inherited` is the environment that services get to begin with.
  FilePlans(std::shared_ptr<const spec::Cluster> cluster, std::vector<std::string> inherited,
            ports::PortTable& port_table);
  void use(std::shared_ptr<const spec::Cluster> cluster) { cluster_ = std::move(cluster); }

  base::Result<ports::SpawnSpec> plan(const spec::Service& service) override;
  std::optional<ports::Question> precondition(const ports::SpawnSpec& spawn, const spec::Service& service) override;
  std::optional<ports::Question> aftermath(const ports::SpawnSpec& spawn, const spec::Service& service) override;
  base::Result<std::string> resolve(const spec::Service& service, const std::string& text) override;
  std::string digest(const spec::Service& service) override;
  base::Result<void> number_ports(spec::Service& service) override;
  bool holds(const spec::Service& service, const std::string& port) override;
  base::Result<std::vector<MovedPort>> move_ports(const spec::Service& service) override;
  void move_back(const spec::Service& service, const MovedPort& port) override;
  void drop_sockets(const spec::Service& service) override { sockets_.keep_only(service.name, service.sockets); }
  void close_sockets(const std::string& service) override { sockets_.close(service); }
  void adopt_sockets(const std::string& service, std::vector<ports::HeldSocket> sockets) override;

 private:
  std::shared_ptr<const spec::Cluster> cluster_;
  std::vector<std::string> inherited_;
  ports::PortTable& port_table_;
  posix::HeldSockets sockets_;
};

// Ports that were chosen, in the state folder, so that they stay the same over restarts of the supervisor.
spec::RememberedPorts remembered_ports(const std::filesystem::path& state);
base::Result<void> remember_ports(const std::filesystem::path& state, const spec::RememberedPorts& ports);

}  // namespace app
