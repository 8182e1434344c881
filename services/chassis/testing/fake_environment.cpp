#include "services/chassis/testing/fake_environment.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>

#include "base/resume.hpp"

namespace chassis::testing {

namespace asio = boost::asio;

namespace {

// A task that throws is a defect: the test ends with the exception.
void rethrow(std::exception_ptr error) {
  if (error) std::rethrow_exception(error);
}

}  // namespace

void SeededRandom::fill(std::span<std::uint8_t> bytes) {
  for (auto& byte : bytes) {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    byte = static_cast<std::uint8_t>(z ^ (z >> 31U));
  }
}

class FakeScheduler::FakeSignal final : public Signal {
 public:
  explicit FakeSignal(FakeScheduler& owner) : owner_(owner) {
    place_ = owner.signals_.insert(owner.signals_.end(), this);
  }
  ~FakeSignal() override { owner_.signals_.erase(place_); }

  void set() override {
    if (waiter_) {
      owner_.fire(*std::exchange(waiter_, std::nullopt));
    } else {
      set_ = true;
    }
  }
  base::Task<> wait(std::chrono::milliseconds at_most) override {
    if (std::exchange(set_, false)) co_return;
    std::function<void(Handle)> remember = [this](Handle waiter) { waiter_ = waiter; };
    co_await owner_.wait_until(owner_.clock_.monotonic() + at_most, std::move(remember));
    waiter_.reset();
  }

 private:
  FakeScheduler& owner_;
  bool set_ = false;
  std::optional<Handle> waiter_;
  std::list<FakeSignal*>::iterator place_;
};

base::Task<> FakeScheduler::wait_until(base::Monotonic due, std::function<void(Handle)> remember) {
  auto start = [this, due, remember = std::move(remember)](base::Resume<int> resume) {
    const auto place = waiters_.insert(waiters_.end(), Waiter{due, [resume] { resume(0); }});
    if (remember) remember(place);
  };
  static_cast<void>(co_await base::await_foreign<int>(std::move(start)));
}

void FakeScheduler::fire(Handle waiter) {
  const auto resume = std::move(waiter->resume);
  waiters_.erase(waiter);
  resume();
}

base::Task<> FakeScheduler::sleep(std::chrono::milliseconds duration) {
  return wait_until(clock_.monotonic() + duration, nullptr);
}

void FakeScheduler::spawn(base::Task<> task) {
  ++running_;
  asio::co_spawn(io_, std::move(task), [this](std::exception_ptr error) {
    rethrow(error);
    --running_;
  });
}

base::Task<> FakeScheduler::join() {
  while (running_ > 0) co_await sleep(std::chrono::milliseconds(1));
}

base::Task<> FakeScheduler::offload(std::function<void()> work) {
  work();
  co_return;
}

std::unique_ptr<Signal> FakeScheduler::make_signal() { return std::make_unique<FakeSignal>(*this); }

base::Task<> FakeScheduler::shutdown_requested() {
  while (!shutting_down_) co_await wait_until(base::Monotonic::max(), nullptr);
}

void FakeScheduler::request_shutdown() {
  shutting_down_ = true;
  for (auto* signal : signals_) signal->set();
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    const auto waiter = it++;
    if (waiter->due == base::Monotonic::max()) fire(waiter);
  }
}

void FakeScheduler::advance(std::chrono::milliseconds by) {
  const auto end = clock_.since_start + by;
  for (;;) {
    io_.restart();
    io_.poll();
    const auto next = std::min_element(waiters_.begin(), waiters_.end(),
                                       [](const Waiter& a, const Waiter& b) { return a.due < b.due; });
    if (next == waiters_.end() || next->due > base::Monotonic{} + end) break;
    const auto due = std::chrono::duration_cast<std::chrono::milliseconds>(next->due.time_since_epoch());
    clock_.since_start = std::max(clock_.since_start, due);
    fire(next);
  }
  clock_.since_start = end;
}

namespace {

class FakeServer final : public HttpServer {
 public:
  FakeServer(std::map<std::uint16_t, base::http::Handler>& handlers, std::uint16_t port)
      : handlers_(handlers), port_(port) {}
  ~FakeServer() override { handlers_.erase(port_); }
  std::uint16_t port() const override { return port_; }
  base::Task<> drain(std::chrono::milliseconds /*deadline*/) override {
    handlers_.erase(port_);
    co_return;
  }

 private:
  std::map<std::uint16_t, base::http::Handler>& handlers_;
  std::uint16_t port_;
};

}  // namespace

base::Result<std::unique_ptr<HttpServer>> FakeHttp::serve(const std::string& address, std::uint16_t port,
                                                          base::http::ServerLimits /*limits*/,
                                                          base::http::Handler handler,
                                                          base::http::ErrorBody /*error_body*/) {
  if (handlers_.contains(port)) {
    return base::fail(base::ErrorCode::unavailable, address + ":" + std::to_string(port) + " is taken");
  }
  handlers_[port] = std::move(handler);
  return std::unique_ptr<HttpServer>(std::make_unique<FakeServer>(handlers_, port));
}

base::Task<base::Result<base::http::Response>> FakeHttp::send(base::http::Target target, base::http::Request request,
                                                              std::chrono::milliseconds /*timeout*/) {
  if (const auto lost = lost_.find(target.port); lost != lost_.end()) {
    ++lost->second;
    co_return base::fail(base::ErrorCode::unavailable, std::to_string(target.port) + " closed the connection");
  }
  const auto found = handlers_.find(target.port);
  if (found == handlers_.end()) {
    co_return base::fail(base::ErrorCode::unavailable, "cannot connect to port " + std::to_string(target.port));
  }
  const auto handler = found->second;  // kept while it runs
  co_return co_await handler(std::move(request));
}

FakeEnvironment::FakeEnvironment(Config config_in) : config(std::move(config_in)) {}

FakeEnvironment::~FakeEnvironment() { stop(); }

void FakeEnvironment::start(const Run& run_service) {
  // Without captures: the coroutine outlives this call and with it the lambda.
  auto whole = [](FakeEnvironment& world, Run service) -> base::Task<> { world.outcome = co_await service(world.env); };
  asio::co_spawn(io, whole(*this, run_service), rethrow);
  settle();
}

void FakeEnvironment::settle() { scheduler.advance(std::chrono::milliseconds(0)); }

void FakeEnvironment::advance(std::chrono::milliseconds by) { scheduler.advance(by); }

void FakeEnvironment::stop() {
  scheduler.request_shutdown();
  advance(std::chrono::seconds(30));
}

base::http::Response FakeEnvironment::request(const std::string& method, const std::string& target,
                                              const std::string& body, const base::http::Headers& headers) {
  base::http::Request message{method, target, headers, body};
  const base::http::Target to{"127.0.0.1", config.ports.at("http"), {}};
  const auto answer = ask(http.send(to, message, std::chrono::seconds(1)));
  if (answer && *answer) return answer->value();
  base::http::Response failed;
  failed.status = 0;
  failed.body = answer ? answer->error().message : "no answer while time stands still";
  return failed;
}

std::pair<int, base::Json> FakeEnvironment::json(const std::string& method, const std::string& target,
                                                 const std::string& body) {
  base::http::Headers headers;
  if (!body.empty()) headers.add("Content-Type", "application/json");
  const auto answer = request(method, target, body, headers);
  const auto parsed = base::parse_json(answer.body);
  return {answer.status, parsed ? parsed.value() : base::Json(answer.body)};
}

}  // namespace chassis::testing
