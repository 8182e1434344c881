#include "services/chassis/broker/redis/link.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "services/chassis/broker/errors.hpp"

namespace chassis::broker::redis {
namespace {

using base::Result;
using Ms = Link::Ms;

constexpr Ms connect_patience{2'000};
constexpr Ms first_delay{100};
constexpr Ms longest_delay{2'000};
constexpr Ms watch_interval{250};

base::Monotonic now() { return std::chrono::steady_clock::now(); }

// Half of the doubled delay is fixed, half is random, so that many clients do not come back at once.
Ms reconnect_delay(std::size_t tries) {
  const auto delay = std::min(first_delay * (1 << std::min<std::size_t>(tries, 10)), longest_delay);
  return delay / 2 + Ms(now().time_since_epoch().count() % (delay / 2).count());
}

}  // namespace

base::Error error_of(std::string_view text) {
  if (text.starts_with("OUTOFTURN ")) return out_of_turn();
  for (const std::string_view ours : {"NOSTREAM ", "OVERLAP "}) {
    if (text.starts_with(ours)) text.remove_prefix(ours.size());
  }
  return unavailable(std::string(text));
}

Link::Link(boost::asio::any_io_executor executor, Address address)
    : executor_(std::move(executor)),
      address_(std::move(address)),
      resolver_(executor_),
      retry_(executor_),
      watch_(executor_),
      grace_(executor_) {}

Link::~Link() {
  is_closed_ = true;
  drop();
}

void Link::connect() {
  if (is_closed_) return;
  boost::system::error_code no_address;
  boost::asio::ip::make_address(address_.host, no_address);
  if (!no_address) return open(address_.host);
  resolver_.async_resolve(
      address_.host, address_.port, [self = shared_from_this()](boost::system::error_code failed, const auto& found) {
        if (self->is_closed_) return;
        if (failed || found.empty()) return self->retry();
        const auto one = std::next(found.begin(), static_cast<std::ptrdiff_t>(self->tries_ % found.size()));
        self->open(one->endpoint().address().to_string());
      });
}

void Link::open(const std::string& host) {
  int port = 0;
  std::from_chars(address_.port.data(), address_.port.data() + address_.port.size(), port);
  context_ = redisAsyncConnect(host.c_str(), port);
  if (context_ == nullptr || context_->err != 0) {
    drop();
    context_ = nullptr;  // no events yet that would say so
    return retry();
  }
  context_->data = this;
  events_ = Events::attach(executor_, *context_, [this] { lost(); });
  greet();
}

// A server that still loads its files answers each of these with an error.
void Link::greet() {
  for (std::size_t i = 0; i < script_count; ++i) {
    auto keep_hash = [this, i](Result<const redisReply*> reply) {
      if (reply && reply.value()->type == REDIS_REPLY_STRING) {
        hashes_[i].assign(reply.value()->str, reply.value()->len);
      }
    };
    enqueue({{}, {"SCRIPT", "LOAD", scripts()[i]}}, std::move(keep_hash), connect_patience);
  }
  auto begin = [this](Result<const redisReply*> reply) {
    if (!reply) return drop();
    tries_ = 0;
    ++connections_;
    up_ = true;
  };
  enqueue({{}, {"PING"}}, std::move(begin), connect_patience);
}

void Link::send(const Command& command, Answer answer, Ms patience) {
  if (!up_) return answer(unavailable("not connected"));
  enqueue(command, std::move(answer), patience);
}

void Link::enqueue(const Command& command, Answer answer, Ms patience) {
  std::vector<const char*> words;
  std::vector<std::size_t> sizes;
  const auto add = [&](std::string_view word) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  };
  if (command.script) {
    add("EVALSHA");
    add(hashes_[static_cast<std::size_t>(*command.script)]);
    add("0");
  }
  for (const auto& word : command.words) add(word);
  auto pending = std::make_unique<Answer>(std::move(answer));
  const auto status = redisAsyncCommandArgv(context_, &Link::on_reply, pending.get(), static_cast<int>(words.size()),
                                            words.data(), sizes.data());
  if (status != REDIS_OK) return (*pending)(unavailable("the connection was lost"));
  static_cast<void>(pending.release());  // on_reply() takes it
  due_.push_back(now() + patience);
  watch();
}

void Link::on_reply(redisAsyncContext* context, void* reply, void* pending) {
  const std::unique_ptr<Answer> answer(static_cast<Answer*>(pending));
  auto& link = *static_cast<Link*>(context->data);
  link.due_.pop_front();
  (*answer)(link.read(static_cast<const redisReply*>(reply)));
}

Result<const redisReply*> Link::read(const redisReply* reply) {
  if (reply == nullptr) return unavailable("the connection was lost");
  if (reply->type != REDIS_REPLY_ERROR) return reply;
  const std::string_view text(reply->str, reply->len);
  // Somebody has removed the scripts. Another connection loads them; sending only this one again would be out of order.
  if (text.starts_with("NOSCRIPT")) drop();
  return error_of(text);
}

void Link::watch() {
  if (due_.empty() || std::exchange(is_watching_, true)) return;
  watch_.expires_after(watch_interval);
  watch_.async_wait([self = shared_from_this()](boost::system::error_code) {
    self->is_watching_ = false;
    if (self->due_.empty()) return;
    if (self->due_.front() < now()) return self->drop();
    self->watch();
  });
}

void Link::drop() {
  if (context_ != nullptr) redisAsyncFree(context_);
}

void Link::lost() {
  context_ = nullptr;
  events_.reset();
  due_.clear();
  up_ = false;
  if (is_closed_) {
    watch_.cancel();
    grace_.cancel();
    return;
  }
  retry();
}

void Link::retry() {
  retry_.expires_after(reconnect_delay(tries_++));
  retry_.async_wait([self = shared_from_this()](boost::system::error_code stopped) {
    if (!stopped) self->connect();
  });
}

void Link::close(Ms grace) {
  if (std::exchange(is_closed_, true)) return;
  resolver_.cancel();
  retry_.cancel();
  if (context_ == nullptr) return;
  if (grace == Ms(0) || due_.empty()) return drop();
  up_ = false;
  redisAsyncDisconnect(context_);
  grace_.expires_after(grace);
  grace_.async_wait([self = shared_from_this()](boost::system::error_code stopped) {
    if (!stopped) self->drop();
  });
}

}  // namespace chassis::broker::redis
