#include "services/chassis/broker/nats/pull.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/json.hpp"

namespace chassis::broker {
namespace {

using base::Result;

constexpr std::string_view give_back = "-NAK";
constexpr std::int64_t most_ahead_ms = 50;  // that a request ends before who waits for it gives up

void copy_headers(natsMsg* message, base::http::Headers& headers) {
  const char** names = nullptr;
  int count = 0;
  if (natsMsgHeader_Keys(message, &names, &count) != NATS_OK) return;
  for (int i = 0; i < count; ++i) {
    const char* value = nullptr;
    if (natsMsgHeader_Get(message, names[i], &value) == NATS_OK) headers.add(names[i], value);
  }
  std::free(names);  // NOLINT: the library's contract
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// $JS.ACK.[DOMAIN.ACCOUNT.]STREAM.DURABLE.ATTEMPT.SEQUENCE.SEQUENCE.TIME.WAITING[.RANDOM]; NATS ADR-15
void read_handle(Delivery& delivery) {
  std::vector<std::string_view> tokens;
  for (std::string_view rest = delivery.handle; !rest.empty();) {
    const auto dot = std::min(rest.find('.'), rest.size());
    tokens.push_back(rest.substr(0, dot));
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  const std::size_t shift = tokens.size() >= 11 ? 2 : 0;
  if (tokens.size() < 9) return;
  delivery.attempt = static_cast<int>(number(tokens[4 + shift]));
  delivery.waiting = number(tokens[8 + shift]);
}

Delivery read_delivery(natsMsg* raw) {
  Delivery delivery;
  delivery.message.subject = natsMsg_GetSubject(raw);
  delivery.message.body.assign(natsMsg_GetData(raw), static_cast<std::size_t>(natsMsg_GetDataLength(raw)));
  copy_headers(raw, delivery.message.headers);
  delivery.message.id = delivery.message.headers.get("Nats-Msg-Id");
  delivery.handle = natsMsg_GetReply(raw);
  read_handle(delivery);
  return delivery;
}

}  // namespace

Pull::~Pull() { natsSubscription_Destroy(handle_); }

void Pull::wait(std::size_t at_most, base::Resume<Deliveries> waiter) {
  std::unique_lock lock(mutex_);
  at_most_ = at_most;
  waiter_ = std::move(waiter);
  if (stopped_) return resume(std::move(lock), ended());
  if (!arrived_.empty()) resume(std::move(lock), take());
}

void Pull::answer() {
  std::unique_lock lock(mutex_);
  if (asked_ > 0 && std::chrono::steady_clock::now() >= asked_until_) forget_durable();
  if (waiter_) resume(std::move(lock), take());
}

void Pull::fail(const base::Error& error) {
  std::unique_lock lock(mutex_);
  if (waiter_) resume(std::move(lock), error);
}

void Pull::lost(const base::Error& error) {
  std::unique_lock lock(mutex_);
  forget_durable();
  if (waiter_) resume(std::move(lock), error);
}

// The server answers nothing at all for one that is not there, so whoever cannot be sure makes it anew.
void Pull::forget_durable() {
  asked_ = 0;
  requests_.clear();
}

std::vector<Delivery> Pull::take() {
  const auto count = static_cast<std::ptrdiff_t>(std::min(at_most_, arrived_.size()));
  std::vector<Delivery> taken(std::make_move_iterator(arrived_.begin()),
                              std::make_move_iterator(arrived_.begin() + count));
  arrived_.erase(arrived_.begin(), arrived_.begin() + count);
  return taken;
}

void Pull::resume(std::unique_lock<std::mutex> lock, Deliveries deliveries) {
  auto waiter = std::exchange(waiter_, nullptr);
  lock.unlock();
  waiter(std::move(deliveries));
}

void Pull::request(Connection& connection, base::Monotonic deadline) {
  bool is_known = false;
  {
    const std::lock_guard lock(mutex_);
    if (!waiter_ || stopped_ || (asked_ > 0 && std::chrono::steady_clock::now() < asked_until_)) return;
    is_known = !requests_.empty();
  }
  auto done = is_known ? Result<void>(base::success()) : prepare(connection, deadline);
  if (done) done = ask(connection, deadline);
  if (!done) fail(done.error());
}

Result<void> Pull::prepare(Connection& connection, base::Monotonic deadline) {
  TRY(const auto stream, connection.ensure_durable(deadline, subscription_));
  if (handle_ == nullptr) {
    TRY(subscribe(connection));
    connection.on_loss(weak_from_this());
  }
  const std::lock_guard lock(mutex_);
  requests_ = "$JS.API.CONSUMER.MSG.NEXT." + stream + "." + subscription_.durable;
  return base::success();
}

Result<void> Pull::subscribe(Connection& connection) {
  natsInbox* inbox = nullptr;
  TRY(check(natsInbox_Create(&inbox)));
  inbox_ = inbox;
  natsInbox_Destroy(inbox);
  // Owned by the subscription, whose last callback gives it up: that may come after this object's owner is gone.
  auto* self = new std::shared_ptr<Pull>(shared_from_this());
  auto on_message = [](natsConnection* from, natsSubscription*, natsMsg* message, void* closure) {
    (*static_cast<std::shared_ptr<Pull>*>(closure))->receive(from, message);
    natsMsg_Destroy(message);
  };
  const auto status = natsConnection_Subscribe(&handle_, connection.handle(), inbox_.c_str(), on_message, self);
  if (status != NATS_OK) {
    delete self;
    handle_ = nullptr;
    return check(status);
  }
  natsSubscription_SetPendingLimits(handle_, -1, -1);
  return check(natsSubscription_SetOnCompleteCB(
      handle_, [](void* closure) { delete static_cast<std::shared_ptr<Pull>*>(closure); }, self));
}

// The request ends a little before the deadline, so that the broker holds none that nobody waits for, and its word that
// the time is over comes before that.
Result<void> Pull::ask(Connection& connection, base::Monotonic deadline) {
  TRY(const auto left_ms, milliseconds_left(deadline));
  const auto wait_ms = left_ms - std::min(left_ms / 10, most_ahead_ms);
  std::unique_lock lock(mutex_);
  asked_ = at_most_;
  asked_until_ = deadline;
  const auto subject = requests_;
  const base::Json wanted{{"batch", at_most_}, {"expires", wait_ms * 1'000'000}};
  lock.unlock();
  const auto body = base::dump_json(wanted);
  TRY(check(natsConnection_PublishRequestString(connection.handle(), subject.c_str(), inbox_.c_str(), body.c_str())));
  connection.push();
  return base::success();
}

void Pull::receive(natsConnection* connection, natsMsg* message) {
  const char* status = nullptr;
  if (natsMsg_GetDataLength(message) == 0 && natsMsgHeader_Get(message, "Status", &status) == NATS_OK) {
    return receive_status(message, status);
  }
  if (natsMsg_GetReply(message) == nullptr) return;  // not from JetStream
  std::unique_lock lock(mutex_);
  if (stopped_) {
    natsConnection_PublishString(connection, natsMsg_GetReply(message), give_back.data());
    return;
  }
  asked_ -= std::min<std::size_t>(asked_, 1);
  arrived_.push_back(read_delivery(message));
  if (waiter_) resume(std::move(lock), take());
}

// How a request ended: 408 its time is over, 409 the consumer is gone or the server stops, 503 there is no consumer.
void Pull::receive_status(natsMsg* message, const std::string& status) {
  if (status == "100") return;  // a sign of life
  const char* description = nullptr;
  if (natsMsgHeader_Get(message, "Description", &description) != NATS_OK) description = "no such subscription";
  std::unique_lock lock(mutex_);
  const bool is_over = status == "408" || status == "404";
  if (is_over) asked_ = 0;
  if (!is_over) forget_durable();
  if (!waiter_) return;
  resume(std::move(lock), is_over ? Deliveries(take()) : Deliveries(unavailable(description)));
}

void Pull::stop() {
  std::unique_lock lock(mutex_);
  stopped_ = true;
  if (waiter_) resume(std::move(lock), ended());
}

void Pull::close(Connection& connection) {
  if (handle_ != nullptr) natsSubscription_Drain(handle_);  // what is on its way still comes, and is given back
  std::unique_lock lock(mutex_);
  const auto arrived = std::exchange(arrived_, {});
  lock.unlock();
  for (const auto& delivery : arrived) {
    natsConnection_PublishString(connection.handle(), delivery.handle.c_str(), give_back.data());
  }
}

}  // namespace chassis::broker
