#pragma once
// A TCP connection that one probe makes, with one deadline for all it does. io_context's thread.

#include <chrono>
#include <memory>
#include <string>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/result.hpp"
#include "base/task.hpp"
#include "base/timer.hpp"

namespace posix {

class ProbeConnection {
 public:
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, base::Executor>;

  ProbeConnection(boost::asio::io_context& io, std::chrono::milliseconds timeout);
  ~ProbeConnection();
  ProbeConnection(const ProbeConnection&) = delete;

  // `address` is a numeric IP address. Errors: timeout, unavailable.
  base::Task<base::Result<void>> connect(std::string address, std::uint16_t port);
  base::Task<base::Result<void>> write(std::string bytes);
  // At least one byte. Errors: timeout; unavailable when the other side closed.
  base::Task<base::Result<std::string>> read_some();

 private:
  struct State;
  base::Error error_of(const boost::system::error_code& error) const;

  std::string where_;
  std::shared_ptr<State> state_;
};

}  // namespace posix
