#pragma once
// One connection to Redis that is remade for ever, with the scripts loaded before it counts as up. Commands are
// pipelined and answered in order; a server that leaves one without an answer for its patience is taken for lost.
// Everything on the one thread of `executor`, but is_up() and connections(). Internal to broker/redis.

#include <hiredis/async.h>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "services/chassis/broker/redis/events.hpp"
#include "services/chassis/broker/redis/scripts.hpp"

namespace chassis::broker::redis {

struct Address {
  std::string host;
  std::string port;
};

struct Command {
  std::optional<Script> script;  // empty: `words` begin with the command's name
  std::vector<std::string> words;
};

// What an error of the server means. conflict: the message is out of turn; else unavailable.
base::Error error_of(std::string_view text);

class Link : public std::enable_shared_from_this<Link> {
 public:
  using Ms = std::chrono::milliseconds;
  // The reply lives until the call returns; it is no error reply. Errors: unavailable.
  using Answer = std::function<void(base::Result<const redisReply*>)>;

  Link(boost::asio::any_io_executor executor, Address address);
  ~Link();
  Link(const Link&) = delete;

  void connect();
  // Answers once, at the latest when close() is called; at once when it is not up.
  void send(const Command& command, Answer answer, Ms patience = usual_patience);
  // Ends for good; what was sent may still go through for `grace`.
  void close(Ms grace = Ms(0));
  bool is_up() const { return up_; }
  // How often it has come up.
  std::uint64_t connections() const { return connections_; }

 private:
  static constexpr Ms usual_patience{5'000};

  void open(const std::string& host);
  void greet();
  void enqueue(const Command& command, Answer answer, Ms patience);
  void watch();
  void lost();
  void retry();
  void drop();
  base::Result<const redisReply*> read(const redisReply* reply);
  static void on_reply(redisAsyncContext* context, void* reply, void* pending);

  const boost::asio::any_io_executor executor_;
  const Address address_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::steady_timer retry_;
  boost::asio::steady_timer watch_;
  boost::asio::steady_timer grace_;
  redisAsyncContext* context_ = nullptr;  // the library frees it
  std::shared_ptr<Events> events_;
  std::array<std::string, script_count> hashes_;
  std::deque<base::Monotonic> due_;  // when each outstanding answer must be there, in the order sent
  std::size_t tries_ = 0;
  bool is_watching_ = false;
  bool is_closed_ = false;
  std::atomic<bool> up_ = false;
  std::atomic<std::uint64_t> connections_ = 0;
};

}  // namespace chassis::broker::redis
