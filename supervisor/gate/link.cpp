#include "supervisor/gate/link.hpp"

#include <algorithm>
#include <array>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

namespace gate {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr std::size_t chunk_bytes = 16 * 1024;
constexpr std::size_t most_queued = 1024 * 1024;  // each way; then the sender has to wait, as for any full buffer

void reset_socket(Socket& socket) {
  error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

}  // namespace

Link::Link(asio::io_context& io, Socket caller, std::uint16_t back, Rule rule, std::function<void()> ended)
    : io_(io),
      caller_(std::move(caller)),
      service_(io),
      back_(back),
      rule_(std::move(rule)),
      ended_(std::move(ended)),
      there_(io, caller_, service_),
      back_way_(io, service_, caller_),
      held_(io) {
  error_code ignored;
  caller_port_ = caller_.remote_endpoint(ignored).port();
  caller_.set_option(tcp::no_delay(true), ignored);
}

// Each coroutine keeps the link; the last one to end says so.
template <class Work>
void Link::spawn(Work work) {
  ++running_;
  asio::co_spawn(io_, std::move(work), [self = shared_from_this()](const std::exception_ptr& /*none is thrown*/) {
    if (--self->running_ > 0) return;
    self->close();
    if (const auto ended = std::exchange(self->ended_, nullptr)) ended();
  });
}

void Link::start() { spawn(connect()); }

base::Task<> Link::wait(base::Timer& timer, base::Monotonic until) {
  timer.expires_at(until);
  error_code ignored;
  auto token = asio::redirect_error(base::use_task, ignored);
  co_await timer.async_wait(std::move(token));
}

base::Task<> Link::connect() {
  while (!closed_ && rule_.mode == Mode::blackhole) co_await wait(held_);
  if (closed_) co_return;
  error_code failed;
  auto token = asio::redirect_error(base::use_task, failed);
  const tcp::endpoint where(asio::ip::address_v4::loopback(), back_);
  co_await service_.async_connect(where, std::move(token));
  if (failed) {
    reset();  // whoever called would have been refused
    co_return;
  }
  error_code ignored;
  service_.set_option(tcp::no_delay(true), ignored);
  spawn(read(there_));
  spawn(write(there_));
  spawn(read(back_way_));
  spawn(write(back_way_));
}

base::Task<> Link::read(Way& way) {
  std::string buffer(chunk_bytes, '\0');
  while (!closed_) {
    while (!closed_ && way.queued >= most_queued) co_await wait(way.room);
    if (closed_) break;
    error_code failed;
    auto token = asio::redirect_error(base::use_task, failed);
    const auto size = co_await way.from.async_read_some(asio::buffer(buffer), std::move(token));
    if (size > 0) {
      const auto late = rule_.mode == Mode::delay ? rule_.delay / 2 : std::chrono::milliseconds(0);
      Chunk chunk;
      chunk.due = Clock::now() + late;
      chunk.bytes.assign(buffer, 0, size);
      way.queue.push_back(std::move(chunk));
      way.queued += size;
      way.news.cancel();
    }
    if (failed && failed != asio::error::eof) reset();
    if (failed) break;
  }
  way.ended = true;
  way.news.cancel();
}

base::Task<> Link::write(Way& way) {
  while (!closed_) {
    if (way.queue.empty()) {
      if (way.ended) break;
      co_await wait(way.news);
      continue;
    }
    if (rule_.mode == Mode::blackhole) {
      co_await wait(way.news);  // use() wakes it
      continue;
    }
    const auto due = way.queue.front().due;
    if (Clock::now() < due) {
      co_await wait(way.news, due);
      continue;
    }
    auto bytes = std::move(way.queue.front().bytes);
    way.queue.pop_front();
    way.queued -= bytes.size();
    way.room.cancel();
    const bool delivered = co_await deliver(way, std::move(bytes));
    if (!delivered) co_return;
  }
  error_code ignored;
  if (!closed_) way.to.shutdown(tcp::socket::shutdown_send, ignored);
}

base::Task<bool> Link::deliver(Way& way, std::string bytes) {
  if (rule_.mode == Mode::corrupt) corrupt(bytes, rule_.every, way.position);
  for (std::size_t done = 0; done < bytes.size() && !closed_;) {
    const Rule now = rule_;  // may change at every wait
    std::size_t size = bytes.size() - done;
    if (now.mode == Mode::pieces) size = std::min(size, std::max<std::size_t>(1, now.piece));
    // Ten times a second or more, so that the flow is even.
    if (now.mode == Mode::throttle) {
      size = std::min(size, static_cast<std::size_t>(std::max<std::int64_t>(1, now.bytes_per_second / 10)));
    }
    const bool sent = co_await put(way, bytes.data() + done, size);
    if (!sent) co_return false;
    done += size;
    if (now.mode == Mode::pieces && done < bytes.size()) co_await wait(way.news, Clock::now() + piece_pause);
    if (now.mode == Mode::throttle) {
      const auto pause = std::chrono::microseconds(static_cast<std::int64_t>(size) * 1'000'000 /
                                                   std::max<std::int64_t>(1, now.bytes_per_second));
      // Not cut short by news of more bytes, only by another rule.
      const auto until = Clock::now() + pause;
      while (!closed_ && rule_.mode == Mode::throttle && Clock::now() < until) co_await wait(way.news, until);
    }
    while (!closed_ && rule_.mode == Mode::blackhole) co_await wait(way.news);
  }
  co_return !closed_;
}

base::Task<bool> Link::put(Way& way, const char* data, std::size_t size) {
  error_code failed;
  auto token = asio::redirect_error(base::use_task, failed);
  co_await asio::async_write(way.to, asio::buffer(data, size), std::move(token));
  if (failed) reset();
  co_return !failed;
}

void Link::use(const Rule& rule) {
  if (closed_) return;
  rule_ = rule;
  if (rule.mode == Mode::reset) return reset();
  wake();
}

void Link::wake() {
  held_.cancel();
  for (Way* way : {&there_, &back_way_}) {
    way->news.cancel();
    way->room.cancel();
  }
}

void Link::reset() {
  if (closed_) return;
  reset_socket(caller_);
  reset_socket(service_);
  close();
}

void Link::close() {
  if (std::exchange(closed_, true)) return;
  error_code ignored;
  caller_.close(ignored);
  service_.close(ignored);
  wake();
}

}  // namespace gate
