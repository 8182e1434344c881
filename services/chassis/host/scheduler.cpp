#include "services/chassis/host/scheduler.hpp"

#include <csignal>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/resume.hpp"

namespace chassis {

namespace asio = boost::asio;

namespace {

asio::redirect_error_t<asio::use_awaitable_t<base::Executor>> token(boost::system::error_code& error) {
  return asio::redirect_error(base::use_task, error);
}

}  // namespace

// A flag and a timer on the first I/O thread; set() from elsewhere goes there by a post.
class AsioScheduler::TimerSignal final : public Signal {
 public:
  explicit TimerSignal(AsioScheduler& owner) : owner_(owner), state_(std::make_shared<State>(owner.threads_.first())) {
    const std::scoped_lock lock(owner_.mutex_);
    place_ = owner_.alive_.insert(owner_.alive_.end(), this);
  }
  ~TimerSignal() override {
    const std::scoped_lock lock(owner_.mutex_);
    owner_.alive_.erase(place_);
  }

  void set() override {
    if (state_->set.exchange(true)) return;  // the waiter has been told already
    asio::post(owner_.threads_.first(), [state = state_] { state->timer.cancel(); });
  }

  base::Task<> wait(std::chrono::milliseconds at_most) override {
    if (state_->set.exchange(false)) co_return;
    boost::system::error_code ignored;
    state_->timer.expires_after(at_most);
    co_await state_->timer.async_wait(token(ignored));
    state_->set = false;
  }

 private:
  struct State {
    explicit State(asio::io_context& io) : timer(io) {}
    base::Timer timer;
    std::atomic<bool> set{false};
  };
  AsioScheduler& owner_;
  std::shared_ptr<State> state_;
  std::list<TimerSignal*>::iterator place_;
};

AsioScheduler::AsioScheduler(IoThreads& threads)
    : threads_(threads), signals_(threads.first(), SIGTERM, SIGINT), stop_(threads.first()), ended_(threads.first()) {
  stop_.expires_at(base::Monotonic::max());
  signals_.async_wait([this](boost::system::error_code error, int /*signal*/) {
    if (!error) request_shutdown();
  });
}

AsioScheduler::~AsioScheduler() { pool_.join(); }

void AsioScheduler::request_shutdown() {
  if (shutting_down_.exchange(true)) return;
  stop_.cancel();
  const std::scoped_lock lock(mutex_);
  for (auto* signal : alive_) signal->set();
}

base::Task<> AsioScheduler::sleep(std::chrono::milliseconds duration) {
  base::Timer timer(co_await asio::this_coro::executor);
  timer.expires_after(duration);
  boost::system::error_code ignored;
  co_await timer.async_wait(token(ignored));
}

void AsioScheduler::spawn(base::Task<> task) {
  ++running_;
  asio::co_spawn(threads_.first(), std::move(task), [this](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);  // ends the process: see the port
    --running_;
    ended_.cancel();
  });
}

base::Task<> AsioScheduler::join() {
  while (running_ > 0) {
    boost::system::error_code ignored;
    ended_.expires_at(base::Monotonic::max());
    co_await ended_.async_wait(token(ignored));
  }
}

base::Task<> AsioScheduler::offload(std::function<void()> work) {
  auto start = [this, work = std::move(work)](base::Resume<int> resume) mutable {
    asio::post(pool_, [work = std::move(work), resume = std::move(resume)] {
      work();
      resume(0);
    });
  };
  static_cast<void>(co_await base::await_foreign<int>(std::move(start)));
}

std::unique_ptr<Signal> AsioScheduler::make_signal() { return std::make_unique<TimerSignal>(*this); }

base::Task<> AsioScheduler::shutdown_requested() {
  while (!shutting_down_) {
    boost::system::error_code ignored;
    co_await stop_.async_wait(token(ignored));
  }
}

}  // namespace chassis
