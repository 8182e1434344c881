#pragma once
// The supervisor's HTTP API (see control/wire.hpp) over one Unix socket. Belongs to the io_context's thread.

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "base/http/server.hpp"
#include "supervisor/app/faults.hpp"
#include "supervisor/app/supervisor.hpp"

namespace app {

inline constexpr std::size_t max_request_bytes = 64 * 1024;
inline constexpr std::chrono::milliseconds max_event_wait{30'000};

struct ApiContext {
  boost::asio::io_context& io;
  Supervisor& supervisor;
  const base::Clock& clock;
  std::function<control::StatusView()> status;
  // Reads the cluster's files again and applies what changed; see UpRequest::launch.
  std::function<base::Result<void>(const base::Json& launch)> reload;
  // What an `up` would do, without doing it.
  std::function<base::Result<std::vector<control::PlanView>>(const control::UpRequest& request)> plan;
  Faults& faults;
  std::function<void()> end;  // called when a client asks for `down`
};

// The answer to one request; the whole API but for the socket. Never throws.
base::http::Handler make_api(ApiContext context);

// Removes a stale socket (only call with the workspace's lock held), binds and accepts.
class ControlServer {
 public:
  static base::Result<std::unique_ptr<ControlServer>> open(const std::filesystem::path& socket, ApiContext context);
  ~ControlServer();
  // Lets running answers finish, and those who follow the events see the last one, then removes the socket.
  base::Task<> close(std::chrono::milliseconds deadline);

 private:
  ControlServer(std::filesystem::path socket, base::http::Listener listener, ApiContext context);

  boost::asio::io_context& io_;
  std::filesystem::path socket_;
  base::http::Listener listener_;
  Supervisor& supervisor_;
  ino_t place_;  // of the socket; the name may be another supervisor's by now
  base::http::Server server_;
};

}  // namespace app
