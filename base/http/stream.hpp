#pragma once
// The socket type of base/http (TCP or Unix, concrete executor) and its read buffer, and one timer that watches the
// deadlines of many streams. Internal to base/http. One thread.

#include <chrono>
#include <functional>
#include <list>
#include <string>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "base/timer.hpp"

namespace base::http {

using Socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, Executor>;

inline constexpr std::size_t read_chunk = 16 * 1024;  // asked for in one read

// The completion token of base/http: the error by reference instead of as an exception.
inline auto error_to(boost::system::error_code& error) { return boost::asio::redirect_error(use_task, error); }

// Bytes received and not yet consumed. Grows to what one message needs and is reused.
class ReadBuffer {
 public:
  std::string_view view() const { return {data_.data() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  void consume(std::size_t size) {
    begin_ += size;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  boost::asio::mutable_buffer prepare(std::size_t size) {
    if (begin_ > 0) {
      data_.erase(0, begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (data_.size() < end_ + size) data_.resize(end_ + size);
    return {data_.data() + end_, data_.size() - end_};
  }
  void commit(std::size_t size) { end_ += size; }

 private:
  std::string data_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

// Cancels whatever a socket waits for once its deadline has passed. One timer serves all entries, because most
// deadlines are moved long before they pass: moving one costs an assignment. Precision: `tick` late at most.
class Watchdog {
 public:
  static constexpr std::chrono::milliseconds tick{20};

  explicit Watchdog(boost::asio::io_context& io) : timer_(io) {}
  ~Watchdog() { *alive_ = false; }

  struct Entry {
    Socket* socket = nullptr;
    Monotonic deadline = Monotonic::max();
    bool expired = false;
  };
  using Handle = std::list<Entry>::iterator;

  Handle add(Socket& socket) { return entries_.insert(entries_.end(), Entry{&socket}); }
  // The last one out stops the timer, so that an io_context without streams runs out of work.
  void remove(Handle entry) {
    entries_.erase(entry);
    if (entries_.empty()) {
      armed_ = Monotonic::max();
      timer_.cancel();
    }
  }
  void set(Handle entry, Monotonic deadline) {
    entry->deadline = deadline;
    entry->expired = false;
    if (deadline < armed_) arm(deadline);
  }
  static void clear(Handle entry) { entry->deadline = Monotonic::max(); }

 private:
  void arm(Monotonic deadline) {
    armed_ = deadline;
    timer_.expires_at(deadline);
    timer_.async_wait([this, alive = alive_](boost::system::error_code error) {
      if (!error && *alive) sweep();  // an aborted wait may be the one before a re-arm
    });
  }
  void sweep() {
    const auto now = std::chrono::steady_clock::now();
    Monotonic next = Monotonic::max();
    for (auto& entry : entries_) {
      if (entry.deadline <= now) {
        entry.deadline = Monotonic::max();
        entry.expired = true;
        boost::system::error_code ignored;
        entry.socket->cancel(ignored);
      }
      next = std::min(next, entry.deadline);
    }
    armed_ = Monotonic::max();
    if (next != Monotonic::max()) arm(std::max(next, now + tick));
  }

  Timer timer_;
  std::list<Entry> entries_;
  Monotonic armed_ = Monotonic::max();
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace base::http
