#include "supervisor/gate/gates.hpp"

#include <pthread.h>

#include <csignal>

#include <boost/asio/post.hpp>

namespace gate {
namespace asio = boost::asio;

Gates::Gates(asio::io_context& home, IsOf is_of)
    : home_(home), is_of_(std::move(is_of)), work_(asio::make_work_guard(io_)) {}

Gates::~Gates() {
  if (!thread_.joinable()) return;
  asio::post(io_, [this] {
    for (const auto& [front, gate] : gates_) gate->cut();
    gates_.clear();
    work_.reset();
  });
  thread_.join();
}

void Gates::post(std::function<void()> work) {
  if (!thread_.joinable()) {
    // Signals are for the thread that waits for them.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { io_.run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::pthread_setname_np(thread_.native_handle(), "msctl-gates");
  }
  asio::post(io_, std::move(work));
}

// Called on the gates' thread. The destructor waits for that thread, so `this` is there.
void Gates::answer(std::function<void()> work) {
  asio::post(home_, [alive = std::weak_ptr<int>(alive_), work = std::move(work)] {
    if (!alive.expired()) work();
  });
}

void Gates::open(std::uint16_t front, std::uint16_t back, int listening_fd) {
  post([this, front, back, listening_fd] {
    auto& gate = gates_[front];
    if (gate) gate->cut();
    gate = std::make_shared<Gate>(io_, front, back, is_of_);
    gate->open(listening_fd);
  });
}

void Gates::use(std::uint16_t front, std::vector<Rule> rules) {
  post([this, front, rules = std::move(rules)]() mutable {
    const auto found = gates_.find(front);
    if (found != gates_.end()) found->second->use(std::move(rules));
  });
}

void Gates::close(std::uint16_t front, std::function<void()> done) {
  post([this, front, done = std::move(done)]() mutable {
    const auto found = gates_.find(front);
    if (found != gates_.end()) found->second->close();
    answer(std::move(done));
  });
}

void Gates::forget(std::uint16_t front) {
  post([this, front] {
    const auto found = gates_.find(front);
    if (found == gates_.end()) return;
    found->second->cut();
    gates_.erase(found);
  });
}

void Gates::count_open(std::vector<std::uint16_t> fronts, std::function<void(std::size_t)> done) {
  post([this, fronts = std::move(fronts), done = std::move(done)]() mutable {
    std::size_t open = 0;
    for (const auto front : fronts) {
      const auto found = gates_.find(front);
      open += found != gates_.end() && found->second->is_open() ? 1 : 0;
    }
    answer([done = std::move(done), open] { done(open); });
  });
}

}  // namespace gate
