#include "services/chassis/broker/redis/pull.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "services/chassis/broker/errors.hpp"
#include "services/chassis/broker/redis/streams.hpp"

namespace chassis::broker::redis {
namespace {

using base::Result;

constexpr std::chrono::milliseconds longest_pause{1'000};  // then it looks again, whatever it was told
constexpr std::chrono::milliseconds short_pause{100};      // when nothing would tell of what it waits for

std::string_view text(const redisReply* reply) { return {reply->str, reply->len}; }

// Field, value, field, value … as publish() in redis.cpp has written them.
Message read_message(const redisReply& fields) {
  constexpr std::string_view header = "header.";
  Message message;
  for (std::size_t i = 0; i + 1 < fields.elements; i += 2) {
    const auto name = text(fields.element[i]);
    const auto value = text(fields.element[i + 1]);
    if (name == "subject") message.subject = value;
    if (name == "id") message.id = value;
    if (name == "body") message.body = value;
    if (name.starts_with(header)) message.headers.add(name.substr(header.size()), value);
  }
  return message;
}

// The stream that the subscription names, or the first by name that takes its subject.
std::string stream_for(const Subscription& wanted, const redisReply& streams) {
  for (const auto& taker : takers_of(wanted.subject, streams)) {
    if (wanted.stream.empty() || wanted.stream == taker.stream) return taker.stream;
  }
  return "";
}

bool is_list(const redisReply* reply, std::size_t at_least) {
  return reply != nullptr && reply->type == REDIS_REPLY_ARRAY && reply->elements >= at_least;
}

// Whether it is what the script gives; a line that garbles bytes can make anything else of it.
bool is_sound(const redisReply& reply) {
  if (!is_list(&reply, 5) || !is_list(reply.element[0], 0)) return false;
  const auto& found = *reply.element[0];
  for (std::size_t i = 0; i < found.elements; ++i) {
    if (!is_list(found.element[i], 3) || !is_list(found.element[i]->element[2], 0)) return false;
  }
  return true;
}

}  // namespace

Command settlement(const std::string& durable, const Delivery& delivery, std::chrono::milliseconds delay) {
  const auto slash = delivery.handle.find('/');
  const auto entry = slash == delivery.handle.npos ? std::string() : delivery.handle.substr(slash + 1);
  return {Script::settle, {delivery.handle.substr(0, slash), durable, entry, std::to_string(delay.count())}};
}

Pull::Pull(boost::asio::any_io_executor executor, Address address, std::shared_ptr<Link> link,
           Subscription subscription)
    : executor_(std::move(executor)),
      address_(std::move(address)),
      link_(std::move(link)),
      subscription_(std::move(subscription)),
      wake_(executor_),
      deadline_(executor_) {}

void Pull::fetch(std::size_t at_most, base::Monotonic deadline, base::Resume<Deliveries> resume) {
  if (is_stopped_) return resume(ended());
  waiter_ = std::move(resume);
  at_most_ = at_most;
  if (!arrived_.empty()) return answer(take());
  deadline_.expires_at(deadline);
  deadline_.async_wait([self = shared_from_this()](boost::system::error_code stopped) {
    const bool is_over = self->deadline_.expiry() <= std::chrono::steady_clock::now();
    if (!stopped && is_over && self->waiter_) self->answer(self->take());
  });
  look();
}

void Pull::look() {
  if (!waiter_ || is_asking_) return;
  wake_.cancel();
  is_asking_ = true;
  stream_.empty() ? find_stream() : ask();
}

void Pull::find_stream() {
  link_->send({{}, {"HGETALL", streams_key}}, [self = shared_from_this()](Result<const redisReply*> reply) {
    self->is_asking_ = false;
    if (!self->waiter_) return;
    if (!reply) return self->answer(reply.error());
    self->stream_ = stream_for(self->subscription_, *reply.value());
    if (self->stream_.empty())
      return self->answer(unavailable("no stream takes " + self->subscription_.subject + " yet"));
    self->look();
  });
}

void Pull::ask() {
  const Command command{
      Script::fetch,
      {stream_, subscription_.durable, std::to_string(at_most_), std::to_string(subscription_.ack_wait.count()),
       std::to_string(subscription_.max_unsettled), subscription_.subject}};
  link_->send(command, [self = shared_from_this()](Result<const redisReply*> reply) {
    self->is_asking_ = false;
    if (reply && !is_sound(*reply.value())) reply = unavailable("unreadable answer");
    if (reply) return self->receive(*reply.value());
    self->stream_.clear();  // it may be gone, and another may have its subject
    if (self->waiter_) self->answer(reply.error());
  });
}

// What fetch of scripts.hpp gives.
void Pull::receive(const redisReply& reply) {
  const auto& found = *reply.element[0];
  const auto lag = static_cast<std::uint64_t>(reply.element[4]->integer);
  for (std::size_t i = 0; i < found.elements; ++i) {
    const auto& one = *found.element[i];
    Delivery delivery;
    delivery.message = read_message(*one.element[2]);
    delivery.attempt = static_cast<int>(one.element[1]->integer);
    delivery.waiting = lag + (found.elements - 1 - i);
    delivery.handle = stream_ + "/" + std::string(text(one.element[0]));
    arrived_.push_back(std::move(delivery));
  }
  if (is_stopped_) return give_back();
  if (!waiter_) return;
  if (!arrived_.empty()) return answer(take());
  rest(static_cast<Rest>(reply.element[1]->integer), Ms(reply.element[2]->integer),
       std::string(text(reply.element[3])));
}

void Pull::rest(Rest state, Ms pause, const std::string& last) {
  rest_ = state;
  if (state == Rest::more) return look();
  if (pause < Ms(0) || pause > longest_pause) pause = longest_pause;
  if (state == Rest::none) block(last);
  // Another process may settle; or there is no connection to wait with yet.
  if (state == Rest::full || !is_blocked_) pause = std::min(pause, short_pause);
  wake_after(pause);
}

void Pull::block(const std::string& last) {
  if (is_blocked_) return;  // on an older entry, so it ends for what has come since
  if (!blocking_) {
    blocking_ = std::make_shared<Link>(executor_, address_);
    blocking_->connect();
  }
  if (!blocking_->is_up()) return;
  is_blocked_ = true;
  const auto pause = std::to_string(longest_pause.count());
  blocking_->send({{}, {"XREAD", "COUNT", "1", "BLOCK", pause, "STREAMS", stream_prefix + stream_, last}},
                  [self = shared_from_this()](Result<const redisReply*>) {
                    self->is_blocked_ = false;
                    self->look();
                  });
}

void Pull::wake_after(Ms pause) {
  wake_.expires_after(std::max(pause, Ms(1)));
  wake_.async_wait([self = shared_from_this()](boost::system::error_code stopped) {
    if (!stopped) self->look();
  });
}

void Pull::settled() {
  if (rest_ == Rest::full) look();
}

void Pull::stop() {
  is_stopped_ = true;
  wake_.cancel();
  if (blocking_) blocking_->close();
  if (waiter_) answer(ended());
  give_back();
}

void Pull::give_back() {
  for (const auto& delivery : std::exchange(arrived_, {})) {
    link_->send(settlement(subscription_.durable, delivery, Ms(0)), [](Result<const redisReply*>) {});
  }
}

std::vector<Delivery> Pull::take() {
  const auto count = static_cast<std::ptrdiff_t>(std::min(at_most_, arrived_.size()));
  std::vector<Delivery> taken(std::make_move_iterator(arrived_.begin()),
                              std::make_move_iterator(arrived_.begin() + count));
  arrived_.erase(arrived_.begin(), arrived_.begin() + count);
  return taken;
}

void Pull::answer(Deliveries deliveries) {
  deadline_.cancel();
  std::exchange(waiter_, nullptr)(std::move(deliveries));
}

}  // namespace chassis::broker::redis
