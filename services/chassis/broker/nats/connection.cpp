#include "services/chassis/broker/nats/connection.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

#include "base/json.hpp"
#include "services/chassis/broker/nats/pull.hpp"

namespace chassis::broker {

using base::ErrorCode;
using base::Result;

Result<void> check(natsStatus status) {
  if (status == NATS_OK) return base::success();
  if (status == NATS_TIMEOUT) return late();
  if (status == NATS_MAX_PAYLOAD) return base::fail(ErrorCode::too_large, "broker: the message is too large");
  return unavailable(natsStatus_GetText(status));
}

Result<std::int64_t> milliseconds_left(base::Monotonic deadline) {
  const auto left = deadline - std::chrono::steady_clock::now();
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  if (ms <= 0) return late();
  return std::min<std::int64_t>(ms, 60'000);
}

namespace {

constexpr std::int64_t connect_timeout_ms = 2'000;
constexpr std::int64_t write_deadline_ms = 2'000;
constexpr std::int64_t ping_interval_ms = 5'000;
constexpr std::int64_t first_delay_ms = 100;
constexpr std::int64_t longest_delay_ms = 2'000;
constexpr std::int64_t duplicate_window_ns = 120LL * 1'000'000'000;
constexpr int buffer_bytes = 128 << 10;  // of each direction: what goes into one call of the kernel
const std::string id_header = "Nats-Msg-Id";
const std::string after_header = "Nats-Expected-Last-Msg-Id";

template <class Handle, void (*Destroy)(Handle*)>
struct Destroyer {
  void operator()(Handle* handle) const { Destroy(handle); }
};
using MessageHandle = std::unique_ptr<natsMsg, Destroyer<natsMsg, natsMsg_Destroy>>;
using StreamInfo = std::unique_ptr<jsStreamInfo, Destroyer<jsStreamInfo, jsStreamInfo_Destroy>>;

// Half of the doubled delay is fixed, half is random, so that many clients do not come back at once.
std::int64_t reconnect_delay(natsConnection* /*connection*/, int attempts, void* /*closure*/) {
  const auto doublings = std::clamp(attempts - 1, 0, 10);
  const auto delay = std::min(first_delay_ms << doublings, longest_delay_ms);
  const auto spread = nats_NowInNanoSeconds() % (delay / 2);
  return delay / 2 + spread;
}

// A line break in a header would make another header.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  return text;
}

using HeaderCall = natsStatus (*)(natsMsg*, const char*, const char*);

natsStatus put_header(HeaderCall how, natsMsg* message, const std::string& name, const std::string& value) {
  const auto is_good = [](const std::string& text) {
    return text.find('\r') == text.npos && text.find('\n') == text.npos && text.find('\0') == text.npos;
  };
  if (is_good(name) && is_good(value)) return how(message, name.c_str(), value.c_str());
  return how(message, one_line(name).c_str(), one_line(value).c_str());
}

// What the server will never take, by the numbers of its errors.json; else it may do so later.
base::Error refusal(const base::Json& error) {
  constexpr int message_too_large = 10054;
  constexpr int header_too_large = 10097;
  constexpr int wrong_last_id = 10070;
  if (!error.is_object()) return unavailable("refused");
  auto refused = unavailable(error.value("description", "refused"));
  if (error.value("code", 0) != 400) return refused;
  const auto number = error.value("err_code", 0);
  if (number == wrong_last_id) return out_of_turn();
  const bool is_large = number == message_too_large || number == header_too_large;
  return base::fail(is_large ? ErrorCode::too_large : ErrorCode::invalid, refused.message);
}

// What nearly all are: {"stream":"A", "seq":1}. They come by the hundred thousand a second.
std::optional<Stored> read_plain_ack(std::string_view text) {
  constexpr std::string_view name = "\"seq\":";
  const auto at = text.find(name);
  if (!text.starts_with("{\"stream\":\"") || at == text.npos) return std::nullopt;
  Stored stored;
  const auto* end = text.data() + text.size();
  const auto [stop, bad] = std::from_chars(text.data() + at + name.size(), end, stored.sequence);
  if (bad != std::errc() || std::string_view(stop, static_cast<std::size_t>(end - stop)) != "}") return std::nullopt;
  return stored;
}

// {"stream":"A","seq":1,"duplicate":true} or {"error":{"code":503,"err_code":10077,"description":"…"}}; empty when a
// delivery was settled.
Result<Stored> read_ack(natsMsg* message) {
  if (natsMsg_IsNoResponders(message)) return unavailable("no stream takes this subject");
  const auto size = static_cast<std::size_t>(natsMsg_GetDataLength(message));
  if (size == 0) return Stored();
  const std::string_view text{natsMsg_GetData(message), size};
  if (const auto plain = read_plain_ack(text)) return *plain;
  TRY(const auto ack, base::parse_json(text));
  if (!ack.is_object()) return unavailable("unreadable acknowledgement");
  if (const auto error = ack.find("error"); error != ack.end()) return refusal(*error);
  const auto sequence = ack.find("seq");
  if (sequence == ack.end() || !sequence->is_number_unsigned()) return unavailable("unreadable acknowledgement");
  const auto repeated = ack.find("duplicate");
  return Stored{sequence->get<std::uint64_t>(), repeated != ack.end() && *repeated == true};
}

bool same_subjects(const jsStreamConfig& config, const Stream& stream) {
  if (static_cast<std::size_t>(config.SubjectsLen) != stream.subjects.size()) return false;
  return std::equal(stream.subjects.begin(), stream.subjects.end(), config.Subjects,
                    [](const std::string& a, const char* b) { return a == b; });
}

}  // namespace

void Connection::close() {
  outstanding_.finish_all(closing());
  auto* connection = connection_.exchange(nullptr);
  if (connection == nullptr) return;
  natsConnection_Close(connection);
  {
    // Both callbacks are the library's last ones: it touches this object no more afterwards.
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [&] { return callbacks_ != Phase::running && deliveries_ != Phase::running; });
  }
  natsSubscription_Destroy(acks_);
  natsConnection_Destroy(connection);
}

void Connection::lose() {
  const auto error = unavailable("the connection was lost");
  outstanding_.finish_all(error);
  std::unique_lock lock(pulls_mutex_);
  const auto pulls = pulls_;
  lock.unlock();
  for (const auto& pull : pulls) {
    if (const auto alive = pull.lock()) alive->lost(error);
  }
}

void Connection::on_loss(std::weak_ptr<Pull> pull) {
  const std::lock_guard lock(pulls_mutex_);
  std::erase_if(pulls_, [](const auto& old) { return old.expired(); });
  pulls_.push_back(std::move(pull));
}

void Connection::begin(Phase& phase) {
  const std::lock_guard lock(mutex_);
  phase = Phase::running;
}

// Notifies while it holds the lock: the waiting destructor may go on as soon as it is free.
void Connection::end(Phase& phase) {
  const std::lock_guard lock(mutex_);
  phase = Phase::ended;
  ended_.notify_all();
}

natsOptions* Connection::make_options() {
  natsOptions* options = nullptr;
  if (natsOptions_Create(&options) != NATS_OK) return nullptr;
  natsOptions_SetURL(options, url_.c_str());
  natsOptions_SetTimeout(options, connect_timeout_ms);
  natsOptions_SetWriteDeadline(options, write_deadline_ms);
  natsOptions_SetPingInterval(options, ping_interval_ms);
  natsOptions_SetMaxReconnect(options, -1);
  natsOptions_SetCustomReconnectDelay(options, reconnect_delay, nullptr);
  natsOptions_SetIOBufSize(options, buffer_bytes);
  natsOptions_SetReconnectBufSize(options, 1);  // nothing is kept for later; 0 would mean 8 MiB
  natsOptions_SetFailRequestsOnDisconnect(options, true);
  natsOptions_SetRetryOnFailedConnect(
      options, true, [](natsConnection*, void*) {}, nullptr);
  natsOptions_SetDisconnectedCB(
      options, [](natsConnection*, void* self) { static_cast<Connection*>(self)->lose(); }, this);
  natsOptions_SetClosedCB(
      options,
      [](natsConnection*, void* self) {
        auto& connection = *static_cast<Connection*>(self);
        connection.end(connection.callbacks_);
      },
      this);
  return options;
}

Result<void> Connection::connect() {
  natsConnection* connection = nullptr;
  auto* options = make_options();
  const auto status = natsConnection_Connect(&connection, options);
  natsOptions_Destroy(options);
  if (connection == nullptr) return check(status == NATS_OK ? NATS_ERR : status);
  begin(callbacks_);
  connection_ = connection;
  return subscribe();
}

Result<void> Connection::subscribe() {
  natsInbox* inbox = nullptr;
  TRY(check(natsInbox_Create(&inbox)));
  inbox_ = std::string(inbox) + ".";
  natsInbox_Destroy(inbox);
  const auto subject = inbox_ + "*";
  TRY(check(natsConnection_Subscribe(&acks_, connection_, subject.c_str(), &Connection::on_ack, this)));
  natsSubscription_SetPendingLimits(acks_, -1, -1);
  begin(deliveries_);
  return check(natsSubscription_SetOnCompleteCB(
      acks_,
      [](void* self) {
        auto& link = *static_cast<Connection*>(self);
        link.end(link.deliveries_);
      },
      this));
}

void Connection::on_ack(natsConnection* /*connection*/, natsSubscription* /*subscription*/, natsMsg* message,
                        void* self) {
  const MessageHandle owner(message);
  static_cast<Connection*>(self)->receive(message);
}

void Connection::receive(natsMsg* message) {
  const std::string_view subject = natsMsg_GetSubject(message);
  std::uint64_t id = 0;
  if (!subject.starts_with(inbox_)) return;
  std::from_chars(subject.data() + inbox_.size(), subject.data() + subject.size(), id);
  outstanding_.answer(id, read_ack(message));
}

Result<void> Connection::check_connected() const {
  auto* connection = connection_.load();
  const bool up = connection != nullptr && natsConnection_Status(connection) == NATS_CONN_STATUS_CONNECTED;
  if (!up) return unavailable("not connected");
  return base::success();
}

void Connection::send(std::uint64_t id, const Message& message, bool is_quiet) {
  if (auto up = check_connected(); !up) return outstanding_.answer(id, std::move(up).error());
  natsMsg* raw = nullptr;
  const auto reply = is_quiet ? std::string() : inbox_ + std::to_string(id);
  auto status = natsMsg_Create(&raw, message.subject.c_str(), is_quiet ? nullptr : reply.c_str(), message.body.data(),
                               static_cast<int>(message.body.size()));
  const MessageHandle owner(raw);
  for (const auto& [name, value] : message.headers) {
    if (status == NATS_OK) status = put_header(natsMsgHeader_Add, raw, name, value);
  }
  if (status == NATS_OK && !message.id.empty()) status = put_header(natsMsgHeader_Set, raw, id_header, message.id);
  if (status == NATS_OK && !message.after.empty()) {
    status = put_header(natsMsgHeader_Set, raw, after_header, message.after);
  }
  if (status == NATS_OK) status = natsConnection_PublishMsg(connection_, raw);
  if (status != NATS_OK) outstanding_.answer(id, check(status).error());
}

// A flush writes the buffer and then waits for a PONG, which is of no interest here.
void Connection::push() {
  if (auto* connection = connection_.load(); connection != nullptr && check_connected()) {
    static_cast<void>(natsConnection_FlushTimeout(connection, 1));
  }
}

Result<JetStream> Connection::jet_stream(base::Monotonic deadline) const {
  TRY(check_connected());
  JetStream stream{{}, {nullptr, jsCtx_Destroy}};
  jsOptions_Init(&stream.options);
  TRY(stream.options.Wait, milliseconds_left(deadline));
  jsCtx* context = nullptr;
  TRY(check(natsConnection_JetStream(&context, connection_, &stream.options)));
  stream.context.reset(context);
  return stream;
}

Result<void> Connection::ensure_stream(base::Monotonic deadline, const Stream& stream) {
  TRY(const auto jet_stream, this->jet_stream(deadline));
  auto* const context = jet_stream.context.get();
  jsStreamInfo* raw_info = nullptr;
  auto found = js_GetStreamInfo(&raw_info, context, stream.name.c_str(), nullptr, nullptr);
  StreamInfo info(std::exchange(raw_info, nullptr));
  if (found == NATS_OK && same_subjects(*info->Config, stream)) return base::success();
  if (found != NATS_OK && found != NATS_NOT_FOUND) return check(found);

  std::vector<const char*> subjects;
  for (const auto& subject : stream.subjects) subjects.push_back(subject.c_str());
  jsStreamConfig config;
  jsStreamConfig_Init(&config);
  if (info) config = *info->Config;  // what an operator has tuned stays
  config.Name = stream.name.c_str();
  config.Subjects = subjects.data();
  config.SubjectsLen = static_cast<int>(subjects.size());
  if (!info) {
    config.Storage = js_FileStorage;
    config.Retention = js_LimitsPolicy;
    config.Duplicates = duplicate_window_ns;
  }
  const auto change = info ? js_UpdateStream : js_AddStream;
  const auto status = change(&raw_info, context, &config, nullptr, nullptr);
  const StreamInfo changed(raw_info);
  return check(status);
}

Result<std::uint64_t> Connection::last_sequence(base::Monotonic deadline, const std::string& stream) {
  TRY(const auto jet_stream, this->jet_stream(deadline));
  jsStreamInfo* raw_info = nullptr;
  const auto status = js_GetStreamInfo(&raw_info, jet_stream.context.get(), stream.c_str(), nullptr, nullptr);
  const StreamInfo info(raw_info);
  if (status == NATS_NOT_FOUND) return base::fail(ErrorCode::not_found, "broker: no stream " + stream);
  TRY(check(status));
  return info->State.LastSeq;
}

std::uint64_t Connection::connections() const {
  auto* connection = connection_.load();
  natsStatistics* raw = nullptr;
  if (connection == nullptr || natsStatistics_Create(&raw) != NATS_OK) return 0;
  const std::unique_ptr<natsStatistics, void (*)(natsStatistics*)> statistics(raw, natsStatistics_Destroy);
  std::uint64_t reconnects = 0;
  if (natsConnection_GetStats(connection, raw) != NATS_OK) return 0;
  natsStatistics_GetCounts(raw, nullptr, nullptr, nullptr, nullptr, &reconnects);
  return reconnects + 1;
}

Result<void> Connection::ping(base::Monotonic deadline) {
  TRY(check_connected());
  TRY(const auto wait_ms, milliseconds_left(deadline));
  auto* connection = connection_.load();
  const auto status = natsConnection_FlushTimeout(connection, wait_ms);
  if (status != NATS_OK) return unavailable(natsStatus_GetText(status));
  return base::success();
}

}  // namespace chassis::broker
