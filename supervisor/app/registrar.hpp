#pragma once
// Tells the registry of the cluster's instances: who is there, where, and whether it is ready. The io_context's thread.

#include <memory>

#include <boost/asio/io_context.hpp>

#include "base/random.hpp"
#include "supervisor/app/supervisor.hpp"
#include "supervisor/posix/prober.hpp"
#include "supervisor/registry/catalog.hpp"
#include "supervisor/registry/server.hpp"
#include "supervisor/spec/cluster.hpp"

namespace app {

class Registrar {
 public:
  // Errors: unavailable when the port was given and is taken; permission, internal.
  static base::Result<std::unique_ptr<Registrar>> open(boost::asio::io_context& io, const spec::Cluster& cluster,
                                                       const base::Clock& clock, base::Random& random,
                                                       ports::Prober& prober);
  std::uint16_t port() const { return server_->port(); }
  void observe(const Instance& instance, bool gone);
  // Whose instances are reported again from time to time, so that none expires.
  void follow(Supervisor& supervisor) { supervisor_ = &supervisor; }
  base::Task<> close(std::chrono::milliseconds deadline);

 private:
  Registrar(const base::Clock& clock, registry::Node node) : catalog_(clock, std::move(node)) {}
  void refresh();

  registry::Catalog catalog_;
  std::unique_ptr<registry::Server> server_;
  Supervisor* supervisor_ = nullptr;
};

// Where the file with the token for writes is.
std::filesystem::path registry_token_path(const std::filesystem::path& state);

}  // namespace app
