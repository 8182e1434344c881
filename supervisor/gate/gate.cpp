#include "supervisor/gate/gate.hpp"

#include <fcntl.h>

#include <algorithm>

namespace gate {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds bind_pause{5};
constexpr std::chrono::milliseconds accept_pause{50};  // when no descriptor is left

void refuse(Socket& caller) {
  error_code ignored;
  caller.set_option(asio::socket_base::linger(true, 0), ignored);
  caller.close(ignored);
}

}  // namespace

Gate::Gate(asio::io_context& io, std::uint16_t front, std::uint16_t back, IsOf is_of)
    : io_(io), front_(front), back_(back), is_of_(std::move(is_of)), acceptor_(io), retry_(io) {}

void Gate::open(int listening_fd) {
  if (listening_fd < 0) return bind();
  error_code failed;
  acceptor_.assign(tcp::v4(), listening_fd, failed);
  if (!failed) acceptor_.non_blocking(true, failed);
  open_ = !failed;
  accept();
}

// The process before it may not have let go of the port yet.
void Gate::bind() {
  if (closed_) return;
  error_code failed;
  acceptor_.open(tcp::v4(), failed);
  if (!failed) {
    ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
    acceptor_.set_option(asio::socket_base::reuse_address(true), failed);
  }
  if (!failed) acceptor_.bind(tcp::endpoint(asio::ip::address_v4::loopback(), front_), failed);
  if (!failed) acceptor_.listen(asio::socket_base::max_listen_connections, failed);
  if (!failed) {
    open_ = true;
    return accept();
  }
  error_code ignored;
  acceptor_.close(ignored);
  retry_.expires_after(bind_pause);
  retry_.async_wait([self = shared_from_this()](error_code stopped) {
    if (!stopped) self->bind();
  });
}

bool Gate::hangs() const {
  return std::any_of(rules_.begin(), rules_.end(), [](const Rule& rule) { return rule.mode == Mode::hang; });
}

void Gate::accept() {
  if (closed_ || !open_ || accepting_ || hangs()) return;
  accepting_ = true;
  acceptor_.async_accept([self = shared_from_this()](error_code failed, Socket caller) {
    self->accepting_ = false;
    if (!failed) self->admit(std::move(caller));
    if (!failed || failed == asio::error::connection_aborted) return self->accept();
    if (failed == asio::error::operation_aborted) return self->accept();  // only does so if nothing forbids it
    self->retry_.expires_after(accept_pause);
    self->retry_.async_wait([self](error_code stopped) {
      if (!stopped) self->accept();
    });
  });
}

void Gate::admit(Socket caller) {
  if (closed_) return;
  error_code gone;
  const auto peer = caller.remote_endpoint(gone).port();
  std::optional<std::string> known_as;
  const Rule rule = rule_for(peer, known_as);
  if (gone || rule.mode == Mode::refuse || rule.mode == Mode::reset) return refuse(caller);
  const auto self = shared_from_this();
  auto place = std::make_shared<std::weak_ptr<Link>>();
  auto link = std::make_shared<Link>(io_, std::move(caller), back_, rule, [self, place] {
    if (const auto one = place->lock()) self->links_.erase(one);
  });
  *place = link;
  link->known_as = std::move(known_as);
  links_.insert(link);
  link->start();
}

Rule Gate::rule_for(Link& link) const { return rule_for(link.caller_port(), link.known_as); }

Rule Gate::rule_for(std::uint16_t peer, std::optional<std::string>& known_as) const {
  Rule found;
  for (const Rule& rule : rules_) {
    if (rule.from.empty()) {
      found = rule;
      continue;
    }
    if (!known_as && is_of_(peer, front_, rule.from)) known_as = rule.from;
    if (known_as == rule.from) found = rule;
  }
  return found;
}

void Gate::use(std::vector<Rule> rules) {
  rules_ = std::move(rules);
  if (accepting_ && hangs()) {
    error_code ignored;
    acceptor_.cancel(ignored);
  }
  for (const auto& link : std::vector<std::shared_ptr<Link>>(links_.begin(), links_.end())) {
    const Rule rule = rule_for(*link);
    link->use(rule);
  }
  accept();
}

void Gate::close() {
  if (closed_) return;
  closed_ = true;
  open_ = false;
  retry_.cancel();
  error_code ignored;
  acceptor_.close(ignored);
}

void Gate::cut() {
  close();
  for (const auto& link : std::vector<std::shared_ptr<Link>>(links_.begin(), links_.end())) link->reset();
}

}  // namespace gate
