#include "cli/invariants/pages.hpp"

#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace invariants {
namespace {

constexpr std::chrono::milliseconds timeout{10'000};
constexpr std::chrono::milliseconds pause{250};
constexpr int tries = 12;

}  // namespace

base::http::ClientLimits Pages::limits() {
  base::http::ClientLimits limits;
  limits.response_bytes = 64 * 1024 * 1024;
  return limits;
}

base::Task<> Pages::exchange(std::uint16_t port, std::string target) {
  base::http::Target where;
  where.port = port;
  base::http::Request request;
  request.target = std::move(target);
  answer_ = co_await client_.send(std::move(where), std::move(request), timeout);
  io_.stop();  // the kept connection would hold it
}

base::Result<std::string> Pages::get(std::uint16_t port, const std::string& target) {
  std::string got;
  for (int i = 0; i < tries; ++i) {
    if (i > 0) std::this_thread::sleep_for(pause);
    io_.restart();
    boost::asio::co_spawn(io_, exchange(port, target), boost::asio::detached);
    io_.run();
    if (answer_ && answer_.value().status == 200) return std::move(answer_.value().body);
    got = answer_ ? "HTTP status " + std::to_string(answer_.value().status) : answer_.error().message;
    if (answer_ && answer_.value().status < 500) break;  // it would say the same again
  }
  return base::fail(base::ErrorCode::unavailable,
                    "GET " + target + " at 127.0.0.1:" + std::to_string(port) + " got " + got);
}

}  // namespace invariants
