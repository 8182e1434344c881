#pragma once
// The registry as a server on 127.0.0.1: the API, the checks that it asks, the passing of time, and what is kept on
// disk. Belongs to the io_context's thread.

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "base/http/server.hpp"
#include "base/random.hpp"
#include "base/timer.hpp"
#include "supervisor/registry/api.hpp"

namespace registry {

inline constexpr std::uint16_t usual_port = 8500;
inline constexpr Ms refresh_interval{10'000};
inline constexpr std::size_t max_request_bytes = 64 * 1024;
inline constexpr std::size_t max_waiting = 256;  // blocking queries at once

// How a question was answered; `status` and `body` are of an HTTP answer.
struct Answer {
  bool ok = false;
  int status = 0;
  std::string body;
  std::string problem;
};

// Asks 127.0.0.1; must call back exactly once, on the io_context's thread, and not from inside.
using Ask = std::function<void(const Question&, std::function<void(Answer)>)>;

struct ServerOptions {
  std::uint16_t port = usual_port;
  bool port_given = false;           // false: another port when that one is taken, the same one after a restart
  std::filesystem::path token_file;  // control/registry.token
  std::filesystem::path book;        // run/registry.json
  Ask ask;
  // Called every refresh_interval: calls Catalog::set_health for each instance that runs, so that none expires.
  std::function<void()> refresh;
};

class Server {
 public:
  // Reads the book into the catalog and answers from then on. `catalog` and `clock`, which must be the system's, are
  // lent. Errors: unavailable when the port was given and is taken; permission, internal (files).
  static base::Result<std::unique_ptr<Server>> open(boost::asio::io_context& io, Catalog& catalog,
                                                    const base::Clock& clock, base::Random& random,
                                                    ServerOptions options);
  ~Server();
  Server(const Server&) = delete;

  std::uint16_t port() const { return listener_.port(); }
  std::size_t waiting() const { return waiters_.size(); }
  // Answers all who wait, lets running answers finish, and writes the book.
  base::Task<> close(std::chrono::milliseconds deadline);

 private:
  Server(boost::asio::io_context& io, Catalog& catalog, const base::Clock& clock, base::http::Listener listener,
         std::string token, ServerOptions options);

  void changed();
  void schedule();
  void pass_time();
  void write_book();
  void refresh();

  Catalog& catalog_;
  ServerOptions options_;
  base::http::Listener listener_;
  Waiters waiters_;
  base::http::Server server_;
  base::Timer clockwork_;
  base::Timer refresher_;
  base::Timer writer_;
  base::Monotonic due_ = base::Monotonic::max();
  bool dirty_ = false;
  std::string written_;
  std::shared_ptr<Server*> self_;  // answers on their way hold it weakly
};

// What an answer means, with Consul's words for it.
std::pair<Status, std::string> verdict(const Question& question, const Answer& answer);

}  // namespace registry
