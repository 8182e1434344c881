#include "supervisor/registry/server.hpp"

#include "supervisor/posix/file.hpp"
#include "supervisor/registry/store.hpp"

namespace registry {
namespace {

constexpr const char* loopback = "127.0.0.1";
constexpr Ms write_delay{50};

base::http::ServerLimits limits() {
  base::http::ServerLimits limits;
  limits.body_bytes = max_request_bytes;
  limits.connections = 2 * max_waiting;
  limits.header_timeout = Ms(5'000);
  limits.body_timeout = Ms(5'000);
  return limits;
}

base::Result<base::http::Listener> listen(const ServerOptions& options, std::uint16_t before) {
  if (!options.port_given && before != 0) {
    auto same = base::http::Listener::tcp(loopback, before);
    if (same) return same;
  }
  auto listener = base::http::Listener::tcp(loopback, options.port);
  if (listener) return listener;
  if (!options.port_given) return base::http::Listener::tcp(loopback, 0);
  return base::fail(listener.error().code, "the registry: " + listener.error().message +
                                               "; give it another one in msctl.yaml (registry: {port: N})");
}

}  // namespace

std::pair<Status, std::string> verdict(const Question& question, const Answer& answer) {
  constexpr int too_many_requests = 429;
  const std::string where = std::string(loopback) + ":" + std::to_string(question.port);
  if (question.kind == CheckKind::tcp) {
    if (answer.ok) return {Status::passing, "TCP connect " + where + ": Success"};
    return {Status::critical, "dial tcp " + where + ": " + answer.problem};
  }
  const std::string what = "GET http://" + where + question.path + ": ";
  if (answer.status == 0) return {Status::critical, what + answer.problem};
  const bool good = answer.status >= 200 && answer.status < 300;
  const auto status =
      good ? Status::passing : (answer.status == too_many_requests ? Status::warning : Status::critical);
  return {status, "HTTP " + what + std::to_string(answer.status) + " " +
                      std::string(base::http::reason_phrase(answer.status)) + " Output: " + answer.body};
}

Server::Server(boost::asio::io_context& io, Catalog& catalog, const base::Clock& clock, base::http::Listener listener,
               std::string token, ServerOptions options)
    : catalog_(catalog),
      options_(std::move(options)),
      listener_(std::move(listener)),
      waiters_(io, max_waiting),
      server_(io, listener_, limits(),
              make_api({catalog, waiters_, clock, std::move(token), [this] { return port(); }}),
              [](int status, std::string_view detail, const base::http::Request& /*request*/) {
                return plain_error(status, detail);
              }),
      clockwork_(io),
      refresher_(io),
      writer_(io),
      self_(std::make_shared<Server*>(this)) {}

base::Result<std::unique_ptr<Server>> Server::open(boost::asio::io_context& io, Catalog& catalog,
                                                   const base::Clock& clock, base::Random& random,
                                                   ServerOptions options) {
  TRY(auto token, take_token(options.token_file, random));
  const auto before = from_book(posix::read_small_file(options.book.string()), catalog);
  TRY(auto listener, listen(options, before));
  std::unique_ptr<Server> made(
      new Server(io, catalog, clock, std::move(listener), std::move(token), std::move(options)));
  made->server_.start();
  made->catalog_.on_change([server = made.get()] { server->changed(); });
  made->write_book();
  made->schedule();
  made->refresh();
  return made;
}

Server::~Server() { catalog_.on_change(nullptr); }

base::Task<> Server::close(std::chrono::milliseconds deadline) {
  catalog_.on_change(nullptr);
  self_.reset();
  clockwork_.cancel();
  refresher_.cancel();
  writer_.cancel();
  write_book();
  waiters_.close();
  co_await server_.drain(deadline);
}

void Server::changed() {
  waiters_.wake();
  schedule();
  if (std::exchange(dirty_, true)) return;
  writer_.expires_after(write_delay);
  writer_.async_wait([weak = std::weak_ptr<Server*>(self_)](boost::system::error_code error) {
    const auto alive = weak.lock();
    if (!error && alive) (*alive)->write_book();
  });
}

// Nothing to do when the timer is set for that moment already.
void Server::schedule() {
  const auto next = catalog_.next_deadline();
  if (next == due_) return;
  due_ = next;
  clockwork_.expires_at(due_);
  if (due_ == base::Monotonic::max()) return;
  clockwork_.async_wait([weak = std::weak_ptr<Server*>(self_)](boost::system::error_code error) {
    const auto alive = weak.lock();
    if (!error && alive) (*alive)->pass_time();
  });
}

void Server::pass_time() {
  due_ = base::Monotonic::max();
  for (const auto& question : catalog_.advance()) {
    options_.ask(question, [weak = std::weak_ptr<Server*>(self_), question](const Answer& answer) {
      const auto alive = weak.lock();
      if (!alive) return;
      const auto [status, output] = verdict(question, answer);
      (*alive)->catalog_.answered(question, status, output);
    });
  }
  schedule();
}

// A book that cannot be written is tried again with the next change; the registry itself goes on.
void Server::write_book() {
  dirty_ = false;
  auto book = to_book(catalog_, port());
  if (book == written_ || !posix::replace_file(options_.book, book)) return;
  written_ = std::move(book);
}

void Server::refresh() {
  if (!options_.refresh) return;
  options_.refresh();
  refresher_.expires_after(refresh_interval);
  refresher_.async_wait([weak = std::weak_ptr<Server*>(self_)](boost::system::error_code error) {
    const auto alive = weak.lock();
    if (!error && alive) (*alive)->refresh();
  });
}

}  // namespace registry
