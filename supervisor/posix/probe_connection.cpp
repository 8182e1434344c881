#include "supervisor/posix/probe_connection.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

namespace posix {
namespace {

using boost::system::error_code;

auto into(error_code& error) { return boost::asio::redirect_error(base::use_task, error); }

}  // namespace

// Lives as long as the timer's handler, which may run after the connection is gone.
struct ProbeConnection::State {
  State(boost::asio::io_context& io, std::chrono::milliseconds timeout) : socket(io), deadline(io, timeout) {}
  Socket socket;
  base::Timer deadline;
  bool expired = false;
};

ProbeConnection::ProbeConnection(boost::asio::io_context& io, std::chrono::milliseconds timeout)
    : state_(std::make_shared<State>(io, timeout)) {
  state_->deadline.async_wait([state = state_](error_code error) {
    if (error) return;
    state->expired = true;
    error_code ignored;
    state->socket.close(ignored);
  });
}

ProbeConnection::~ProbeConnection() {
  state_->deadline.cancel();
  error_code ignored;
  state_->socket.close(ignored);
}

base::Error ProbeConnection::error_of(const error_code& error) const {
  if (state_->expired) return base::fail(base::ErrorCode::timeout, where_ + " did not answer in time");
  return base::fail(base::ErrorCode::unavailable, where_ + " closed the connection: " + error.message());
}

base::Task<base::Result<void>> ProbeConnection::connect(std::string address, std::uint16_t port) {
  error_code error;
  const auto numeric = boost::asio::ip::make_address(address, error);
  if (error) co_return base::fail(base::ErrorCode::invalid, "not an IP address: " + address);
  where_ = (numeric.is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(port);
  const boost::asio::ip::tcp::endpoint endpoint(numeric, port);
  co_await state_->socket.async_connect(endpoint, into(error));
  if (state_->expired) {
    co_return base::fail(base::ErrorCode::timeout, where_ + " did not accept the connection in time");
  }
  if (error) {
    co_return base::fail(base::ErrorCode::unavailable, "cannot connect to " + where_ + ": " + error.message());
  }
  co_return base::success();
}

base::Task<base::Result<void>> ProbeConnection::write(std::string bytes) {
  error_code error;
  co_await boost::asio::async_write(state_->socket, boost::asio::buffer(bytes), into(error));
  if (error) co_return error_of(error);
  co_return base::success();
}

base::Task<base::Result<std::string>> ProbeConnection::read_some() {
  std::string bytes(4096, '\0');
  error_code error;
  const std::size_t size = co_await state_->socket.async_read_some(boost::asio::buffer(bytes), into(error));
  if (error) co_return error_of(error);
  bytes.resize(size);
  co_return bytes;
}

}  // namespace posix
