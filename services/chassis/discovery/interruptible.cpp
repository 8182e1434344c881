#include "services/chassis/discovery/interruptible.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

namespace chassis::discovery {
namespace {

namespace asio = boost::asio;
using Answer = base::Result<base::http::Response>;

constexpr std::chrono::milliseconds slack{1'000};

struct Exchange {
  std::unique_ptr<Signal> news;
  asio::cancellation_signal cut;
  std::optional<Answer> answer;
  bool ended = false;
};

base::Task<> exchange(Environment& env, base::http::Target target, base::http::Request request,
                      std::chrono::milliseconds timeout, std::shared_ptr<Exchange> state) {
  state->answer.emplace(co_await env.http.send(std::move(target), std::move(request), timeout));
}

}  // namespace

base::Task<std::optional<Answer>> send_until_shutdown(Environment& env, base::http::Target target,
                                                      base::http::Request request, std::chrono::milliseconds timeout) {
  const auto state = std::make_shared<Exchange>();
  state->news = env.scheduler.make_signal();
  const auto executor = co_await asio::this_coro::executor;
  // Cut, the exchange ends with an exception; there is no answer then.
  auto ended = [state](std::exception_ptr /*thrown*/) {
    state->ended = true;
    if (state->news) state->news->set();
  };
  asio::co_spawn(executor, exchange(env, std::move(target), std::move(request), timeout, state),
                 asio::bind_cancellation_slot(state->cut.slot(), std::move(ended)));
  const auto until = env.clock.monotonic() + timeout + slack;
  while (!state->ended && !env.scheduler.shutting_down() && env.clock.monotonic() < until) {
    co_await state->news->wait(timeout + slack);
  }
  if (!state->ended) {
    state->cut.emit(asio::cancellation_type::terminal);
    if (!state->ended) co_await state->news->wait(slack);
  }
  state->news.reset();
  auto answer = std::move(state->answer);
  if (env.scheduler.shutting_down()) answer.reset();
  co_return answer;
}

}  // namespace chassis::discovery
