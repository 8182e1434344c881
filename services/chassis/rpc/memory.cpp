#include "services/chassis/rpc/memory.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

#include <boost/asio/this_coro.hpp>

#include "base/resume.hpp"
#include "base/timer.hpp"

namespace chassis::rpc {

using base::ErrorCode;
using base::Result;

namespace {

using base::Timer;

base::Error unavailable(std::string message) {
  return {ErrorCode::unavailable, std::move(message), {}, std::chrono::seconds(1)};
}

// What one server offers, and how many calls run in it.
class Endpoint {
 public:
  explicit Endpoint(Methods methods) : methods_(std::move(methods)) {}

  // The handler of a method, with the call counted as running until leave().
  Result<const Handler*> enter(const std::string& method) {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::draining) return unavailable("the service is going down");
    const auto found = methods_.find(method);
    if (found == methods_.end()) return base::fail(ErrorCode::internal, "the service has no method " + method);
    ++running_;
    return &found->second;
  }
  void leave() {
    std::unique_lock lock(mutex_);
    if (--running_ == 0) notify(std::move(lock));
  }
  void close() {
    const std::lock_guard lock(mutex_);
    phase_ = Phase::draining;
  }
  // Calls `idle` once, when nothing runs any more or at give_up().
  void when_idle(base::Resume<int> idle) {
    std::unique_lock lock(mutex_);
    idle_ = std::move(idle);
    if (running_ == 0) notify(std::move(lock));
  }
  void give_up() { notify(std::unique_lock(mutex_)); }

 private:
  enum class Phase : std::uint8_t { serving, draining };

  void notify(std::unique_lock<std::mutex> lock) {
    auto idle = std::exchange(idle_, nullptr);
    lock.unlock();
    if (idle) idle(0);
  }

  const Methods methods_;
  std::mutex mutex_;
  Phase phase_ = Phase::serving;
  int running_ = 0;
  base::Resume<int> idle_;
};

}  // namespace

struct MemoryTransport::State {
  explicit State(const base::Clock& the_clock) : clock(the_clock) {}

  const base::Clock& clock;
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<Endpoint>> endpoints;  // by address:port
  std::uint16_t next_port = 20000;

  std::shared_ptr<Endpoint> find(const std::string& name) {
    const std::lock_guard lock(mutex);
    const auto found = endpoints.find(name);
    return found == endpoints.end() ? nullptr : found->second;
  }
};

namespace {

class MemoryServer final : public Server {
 public:
  MemoryServer(std::shared_ptr<MemoryTransport::State> state, std::string name, std::uint16_t port,
               std::shared_ptr<Endpoint> endpoint)
      : state_(std::move(state)), name_(std::move(name)), port_(port), endpoint_(std::move(endpoint)) {}
  ~MemoryServer() override { close(); }

  std::uint16_t port() const override { return port_; }

  base::Task<> drain(base::Monotonic deadline) override {
    close();
    Timer timer(co_await boost::asio::this_coro::executor, deadline);
    timer.async_wait([endpoint = endpoint_](boost::system::error_code stopped) {
      if (!stopped) endpoint->give_up();
    });
    auto start = [endpoint = endpoint_](base::Resume<int> resume) { endpoint->when_idle(std::move(resume)); };
    auto idle = base::await_foreign<int>(std::move(start));
    co_await std::move(idle);
  }

 private:
  void close() {
    endpoint_->close();
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->endpoints.find(name_);
    if (found != state_->endpoints.end() && found->second == endpoint_) state_->endpoints.erase(found);
  }

  std::shared_ptr<MemoryTransport::State> state_;
  std::string name_;
  std::uint16_t port_;
  std::shared_ptr<Endpoint> endpoint_;
};

base::Task<Result<std::string>> guarded(const Handler& handler, Call call) {
  try {
    co_return co_await handler(std::move(call));
  } catch (const std::exception& thrown) {
    co_return base::fail(ErrorCode::internal, std::string("the handler threw: ") + thrown.what());
  }
}

std::vector<std::string> split(const std::string& addresses) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin <= addresses.size();) {
    const auto end = std::min(addresses.find(',', begin), addresses.size());
    names.push_back(addresses.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

class MemoryChannel final : public Channel {
 public:
  MemoryChannel(std::shared_ptr<MemoryTransport::State> state, const std::string& addresses)
      : state_(std::move(state)), names_(split(addresses)) {}

  base::Task<Result<std::string>> call(Call call) override {
    const auto late = base::fail(ErrorCode::timeout, "the call did not end before its deadline");
    const auto deadline = call.deadline;
    if (call.body.size() > max_message_bytes) co_return base::fail(ErrorCode::too_large, "the message is too large");
    if (deadline <= state_->clock.monotonic()) co_return late;
    const auto endpoint = next();
    if (!endpoint) co_return unavailable("nobody listens on " + names_.front());
    CO_TRY(const auto* handler, endpoint->enter(call.method));
    auto result = co_await guarded(*handler, std::move(call));
    endpoint->leave();
    if (deadline <= state_->clock.monotonic()) co_return late;
    co_return result;
  }

 private:
  // In turn, of those that listen.
  std::shared_ptr<Endpoint> next() {
    const std::size_t first = turn_++;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (auto endpoint = state_->find(names_[(first + i) % names_.size()])) return endpoint;
    }
    return nullptr;
  }

  std::shared_ptr<MemoryTransport::State> state_;
  std::vector<std::string> names_;
  std::atomic<std::size_t> turn_{0};
};

}  // namespace

MemoryTransport::MemoryTransport(const base::Clock& clock) : state_(std::make_shared<State>(clock)) {}
MemoryTransport::~MemoryTransport() = default;

Result<std::unique_ptr<Server>> MemoryTransport::serve(const std::string& address, std::uint16_t port,
                                                       Methods methods) {
  auto endpoint = std::make_shared<Endpoint>(std::move(methods));
  const std::lock_guard lock(state_->mutex);
  if (port == 0) port = state_->next_port++;
  auto name = address + ":" + std::to_string(port);
  if (!state_->endpoints.emplace(name, endpoint).second) return unavailable("port " + name + " is taken");
  return std::unique_ptr<Server>(std::make_unique<MemoryServer>(state_, std::move(name), port, std::move(endpoint)));
}

std::unique_ptr<Channel> MemoryTransport::connect(const std::string& addresses) {
  return std::make_unique<MemoryChannel>(state_, addresses);
}

}  // namespace chassis::rpc
