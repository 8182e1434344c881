#pragma once
// One connection through a gate: the caller's socket, one to the service, and what flows between them under the rule
// that is in force at that moment. One thread, the io_context's; kept alive by its own coroutines until both sides are
// closed.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "base/timer.hpp"
#include "supervisor/gate/rule.hpp"

namespace gate {

using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, base::Executor>;

class Link : public std::enable_shared_from_this<Link> {
 public:
  // `back` is the service's port on 127.0.0.1; `ended` is called once.
  Link(boost::asio::io_context& io, Socket caller, std::uint16_t back, Rule rule, std::function<void()> ended);

  void start();
  // From now on. Mode::reset ends the connection.
  void use(const Rule& rule);
  // Both sides see a reset.
  void reset();
  std::uint16_t caller_port() const { return caller_port_; }

  // Who the caller is does not change; the gate keeps here what it found out.
  std::optional<std::string> known_as;

 private:
  struct Chunk {
    base::Monotonic due;
    std::string bytes;
  };
  // One direction.
  struct Way {
    Way(boost::asio::io_context& io, Socket& source, Socket& sink) : from(source), to(sink), news(io), room(io) {}
    Socket& from;
    Socket& to;
    std::deque<Chunk> queue;
    std::size_t queued = 0;
    bool ended = false;  // nothing more will come
    std::uint64_t position = 0;
    base::Timer news;  // cancelled when there is something to do for the writer
    base::Timer room;  // … for the reader
  };

  base::Task<> connect();
  base::Task<> read(Way& way);
  base::Task<> write(Way& way);
  base::Task<bool> deliver(Way& way, std::string bytes);
  base::Task<bool> put(Way& way, const char* data, std::size_t size);
  static base::Task<> wait(base::Timer& timer, base::Monotonic until = base::Monotonic::max());
  template <class Work>
  void spawn(Work work);
  void wake();
  void close();

  boost::asio::io_context& io_;
  Socket caller_;
  Socket service_;
  std::uint16_t caller_port_ = 0;
  std::uint16_t back_;
  Rule rule_;
  std::function<void()> ended_;
  Way there_;
  Way back_way_;
  base::Timer held_;  // cancelled when the rule changes
  int running_ = 0;
  bool closed_ = false;
};

}  // namespace gate
