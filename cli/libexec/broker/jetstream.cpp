#include "cli/libexec/broker/jetstream.hpp"

#include <nats/nats.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/base64.hpp"
#include "cli/libexec/broker/is_text.hpp"

namespace broker {
namespace {

using base::ErrorCode;
using base::Json;
using base::Result;

template <class Handle, void (*Destroy)(Handle*)>
struct Destroyer {
  void operator()(Handle* handle) const { Destroy(handle); }
};
template <class Handle, void (*Destroy)(Handle*)>
using Owned = std::unique_ptr<Handle, Destroyer<Handle, Destroy>>;

using Message = Owned<natsMsg, natsMsg_Destroy>;
using StreamInfo = Owned<jsStreamInfo, jsStreamInfo_Destroy>;
using StreamList = Owned<jsStreamInfoList, jsStreamInfoList_Destroy>;
using ConsumerInfo = Owned<jsConsumerInfo, jsConsumerInfo_Destroy>;
using ConsumerList = Owned<jsConsumerInfoList, jsConsumerInfoList_Destroy>;
using MetaData = Owned<jsMsgMetaData, jsMsgMetaData_Destroy>;
using Acknowledgement = Owned<jsPubAck, jsPubAck_Destroy>;

// Ends the consumer at the broker, too.
struct Unsubscribe {
  void operator()(natsSubscription* subscription) const {
    natsSubscription_Unsubscribe(subscription);
    natsSubscription_Destroy(subscription);
  }
};
using Subscription = std::unique_ptr<natsSubscription, Unsubscribe>;

base::Error failure(natsStatus status) {
  const char* detail = nats_GetLastError(nullptr);
  std::string text = detail != nullptr && *detail != '\0' ? detail : natsStatus_GetText(status);
  switch (status) {
    case NATS_NOT_FOUND:
      return base::fail(ErrorCode::not_found, "no such stream");
    case NATS_NO_RESPONDERS:
      return base::fail(ErrorCode::not_found, "no stream takes this subject");
    case NATS_TIMEOUT:
    case NATS_NO_SERVER:
    case NATS_CONNECTION_CLOSED:
    case NATS_CONNECTION_DISCONNECTED:
    case NATS_IO_ERROR:
      return base::fail(ErrorCode::unavailable, "the broker does not answer: " + text);
    default:
      return base::fail(ErrorCode::internal, "the broker refused: " + text);
  }
}

Result<void> check(natsStatus status) {
  if (status != NATS_OK) return failure(status);
  return base::success();
}

Json stream_json(const jsStreamInfo& info) {
  Json subjects = Json::array();
  for (int i = 0; i < info.Config->SubjectsLen; ++i) subjects.push_back(info.Config->Subjects[i]);
  const auto& state = info.State;
  return {{"stream", info.Config->Name},      {"subjects", std::move(subjects)},
          {"messages", state.Msgs},           {"bytes", state.Bytes},
          {"first_seq", state.FirstSeq},      {"last_seq", state.LastSeq},
          {"consumers", state.Consumers},     {"duplicate_window_ms", info.Config->Duplicates / 1'000'000},
          {"replicas", info.Config->Replicas}};
}

// Lag: not delivered yet, and delivered but not settled yet.
Json consumer_json(const jsConsumerInfo& info) {
  const auto* config = info.Config;
  const bool has_filter = config->FilterSubject != nullptr;
  return {{"stream", info.Stream},
          {"consumer", info.Name},
          {"durable", config->Durable != nullptr},
          {"filter", has_filter ? config->FilterSubject : ""},
          {"delivered_seq", info.Delivered.Stream},
          {"acknowledged_seq", info.AckFloor.Stream},
          {"pending", info.NumPending},
          {"unsettled", info.NumAckPending},
          {"redelivered", info.NumRedelivered},
          {"waiting_pulls", info.NumWaiting},
          {"lag", info.NumPending + static_cast<std::uint64_t>(info.NumAckPending)}};
}

Json headers_json(natsMsg* message) {
  Json headers = Json::object();
  const char** names = nullptr;
  int count = 0;
  if (natsMsgHeader_Keys(message, &names, &count) != NATS_OK) return headers;
  for (int i = 0; i < count; ++i) {
    const char* value = nullptr;
    if (natsMsgHeader_Get(message, names[i], &value) == NATS_OK) headers[names[i]] = value;
  }
  std::free(names);  // NOLINT: the library's contract
  return headers;
}

Json message_json(natsMsg* message, const jsMsgMetaData& meta, bool with_body) {
  Json json{
      {"seq", meta.Sequence.Stream}, {"time", time_text(meta.Timestamp)}, {"subject", natsMsg_GetSubject(message)}};
  if (!with_body) return json;
  json["headers"] = headers_json(message);
  json["id"] = json["headers"].value("Nats-Msg-Id", "");
  const std::string_view data(natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message)));
  if (is_text(data)) {
    json["data"] = data;
  } else {
    json["data_base64"] = base::to_base64(data);
  }
  return json;
}

Result<MetaData> meta_of(natsMsg* message) {
  jsMsgMetaData* raw = nullptr;
  TRY(check(natsMsg_GetMetaData(&raw, message)));
  return MetaData(raw);
}

// How many messages the new consumer will deliver, whatever part of them is on its way already.
Result<std::uint64_t> count_of(natsSubscription* subscription) {
  jsConsumerInfo* raw = nullptr;
  TRY(check(natsSubscription_GetConsumerInfo(&raw, subscription, nullptr, nullptr)));
  const ConsumerInfo info(raw);
  return info->NumPending + info->Delivered.Consumer;
}

// Without this the library ends a durable consumer that it has made itself.
struct Unbind {
  void operator()(natsSubscription* subscription) const { natsSubscription_Destroy(subscription); }
};
using Binding = std::unique_ptr<natsSubscription, Unbind>;

// One message of the durable consumer by a subscription of its own, which then ends.
Result<Json> take_one(jsCtx* context, const std::string& stream, const std::string& consumer, std::int64_t timeout_ms,
                      bool give_back) {
  jsSubOptions options;
  jsSubOptions_Init(&options);
  options.Stream = stream.c_str();
  options.Consumer = consumer.c_str();
  natsSubscription* raw = nullptr;
  TRY(check(js_PullSubscribe(&raw, context, nullptr, consumer.c_str(), nullptr, &options, nullptr)));
  const Binding subscription(raw);
  natsMsgList list{};
  const auto fetched = natsSubscription_Fetch(&list, raw, 1, timeout_ms, nullptr);
  if (fetched == NATS_TIMEOUT) return base::fail(ErrorCode::not_found, "the consumer was given no message");
  TRY(check(fetched));
  const Message message(std::exchange(list.Msgs[0], nullptr));
  natsMsgList_Destroy(&list);
  TRY(const auto meta, meta_of(message.get()));
  TRY(check(give_back ? natsMsg_Nak(message.get(), nullptr) : natsMsg_AckSync(message.get(), nullptr, nullptr)));
  return Json{{"seq", meta->Sequence.Stream},
              {"delivery", meta->NumDelivered},
              {"settled", give_back ? "given back" : "acknowledged"}};
}

}  // namespace

struct JetStream::Handles {
  Owned<natsConnection, natsConnection_Destroy> connection;
  Owned<jsCtx, jsCtx_Destroy> context;
  std::int64_t timeout_ms = 5'000;
};

JetStream::JetStream(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}
JetStream::JetStream(JetStream&&) noexcept = default;
JetStream::~JetStream() = default;

Result<JetStream> JetStream::connect(const std::string& url, std::chrono::milliseconds timeout) {
  natsOptions* raw = nullptr;
  TRY(check(natsOptions_Create(&raw)));
  const Owned<natsOptions, natsOptions_Destroy> options(raw);
  TRY(check(natsOptions_SetURL(raw, url.c_str())));
  TRY(check(natsOptions_SetTimeout(raw, timeout.count())));
  TRY(check(natsOptions_SetAllowReconnect(raw, false)));
  TRY(check(natsOptions_SetName(raw, "msctl-broker")));
  auto handles = std::make_unique<Handles>();
  handles->timeout_ms = timeout.count();
  natsConnection* connection = nullptr;
  TRY(check(natsConnection_Connect(&connection, raw)));
  handles->connection.reset(connection);
  jsOptions wishes;
  jsOptions_Init(&wishes);
  wishes.Wait = timeout.count();
  jsCtx* context = nullptr;
  TRY(check(natsConnection_JetStream(&context, connection, &wishes)));
  handles->context.reset(context);
  return JetStream(std::move(handles));
}

Result<std::vector<Json>> JetStream::streams() {
  jsStreamInfoList* raw = nullptr;
  const auto status = js_Streams(&raw, handles_->context.get(), nullptr, nullptr);
  const StreamList list(raw);
  std::vector<Json> found;
  if (status == NATS_NOT_FOUND) return found;
  TRY(check(status));
  for (int i = 0; i < list->Count; ++i) found.push_back(stream_json(*list->List[i]));
  return found;
}

Result<Json> JetStream::stream(const std::string& name) {
  jsStreamInfo* raw = nullptr;
  TRY(check(js_GetStreamInfo(&raw, handles_->context.get(), name.c_str(), nullptr, nullptr)));
  const StreamInfo info(raw);
  return stream_json(*info);
}

Result<std::vector<Json>> JetStream::consumers(const std::string& stream) {
  TRY(this->stream(stream));  // the library says the same for no stream and for no consumer
  jsConsumerInfoList* raw = nullptr;
  const auto status = js_Consumers(&raw, handles_->context.get(), stream.c_str(), nullptr, nullptr);
  const ConsumerList list(raw);
  std::vector<Json> found;
  if (status == NATS_NOT_FOUND) return found;
  TRY(check(status));
  for (int i = 0; i < list->Count; ++i) found.push_back(consumer_json(*list->List[i]));
  return found;
}

Result<void> JetStream::read(const Arguments& which, const std::function<bool(const Json&)>& each) {
  TRY(stream(which.name));
  jsSubOptions options;
  jsSubOptions_Init(&options);
  options.Stream = which.name.c_str();
  options.Ordered = true;
  options.Config.DeliverPolicy = js_DeliverAll;
  if (which.from_seq) {
    options.Config.DeliverPolicy = js_DeliverByStartSequence;
    options.Config.OptStartSeq = std::max<std::uint64_t>(*which.from_seq, 1);
  } else if (which.from_ns) {
    options.Config.DeliverPolicy = js_DeliverByStartTime;
    // libnats 3.4 writes 55.022 s as "55.22", so only whole seconds arrive as they are meant.
    options.Config.OptStartTime = *which.from_ns - *which.from_ns % 1'000'000'000;
  }
  const std::string filter = which.subject.empty() ? ">" : which.subject;
  natsSubscription* raw = nullptr;
  TRY(check(js_SubscribeSync(&raw, handles_->context.get(), filter.c_str(), nullptr, &options, nullptr)));
  const Subscription subscription(raw);
  TRY(check(natsSubscription_SetPendingLimits(raw, -1, -1)));
  TRY(auto left, count_of(raw));
  auto wanted = which.limit.value_or(left);
  for (; left > 0 && wanted > 0; --left) {
    natsMsg* next = nullptr;
    TRY(check(natsSubscription_NextMsg(&next, raw, handles_->timeout_ms)));
    const Message message(next);
    TRY(const auto meta, meta_of(next));
    if (which.from_ns && meta->Timestamp < *which.from_ns) continue;
    --wanted;
    if (!each(message_json(next, *meta, which.bodies))) break;
  }
  return base::success();
}

Result<std::vector<Json>> JetStream::redeliver(const Arguments& which) {
  jsCtx* const context = handles_->context.get();
  const std::string name = "msctl-broker-" + std::to_string(::getpid());
  jsConsumerConfig config;
  jsConsumerConfig_Init(&config);
  config.Durable = name.c_str();
  config.AckPolicy = js_AckExplicit;
  config.DeliverPolicy = js_DeliverByStartSequence;
  config.OptStartSeq = *which.from_seq;
  config.MaxAckPending = 1;
  if (!which.subject.empty()) config.FilterSubject = which.subject.c_str();
  jsConsumerInfo* raw = nullptr;
  TRY(check(js_AddConsumer(&raw, context, which.name.c_str(), &config, nullptr, nullptr)));
  const ConsumerInfo made(raw);
  const auto use = [&]() -> Result<std::vector<Json>> {
    TRY(auto first, take_one(context, which.name, name, handles_->timeout_ms, true));
    TRY(auto second, take_one(context, which.name, name, handles_->timeout_ms, false));
    jsConsumerInfo* now = nullptr;
    TRY(check(js_GetConsumerInfo(&now, context, which.name.c_str(), name.c_str(), nullptr, nullptr)));
    const ConsumerInfo info(now);
    return std::vector<Json>{std::move(first), std::move(second), consumer_json(*info)};
  };
  auto seen = use();
  js_DeleteConsumer(context, which.name.c_str(), name.c_str(), nullptr, nullptr);
  return seen;
}

Result<Json> JetStream::remove(const Arguments& which) {
  TRY(stream(which.name));
  const auto status = js_DeleteMsg(handles_->context.get(), which.name.c_str(), *which.from_seq, nullptr, nullptr);
  // The server has one code for every refusal to delete; only its words tell.
  const char* said = status == NATS_OK ? nullptr : nats_GetLastError(nullptr);
  const bool is_gone = said != nullptr && std::string_view(said).find("no message found") != std::string_view::npos;
  if (status == NATS_NOT_FOUND || is_gone) return base::fail(ErrorCode::not_found, "there is no such message");
  TRY(check(status));
  return Json{{"stream", which.name}, {"seq", *which.from_seq}};
}

Result<Json> JetStream::publish(const Arguments& what, const std::string& body) {
  natsMsg* raw = nullptr;
  TRY(check(natsMsg_Create(&raw, what.name.c_str(), nullptr, body.data(), static_cast<int>(body.size()))));
  const Message message(raw);
  for (const auto& [name, value] : what.headers) {
    TRY(check(natsMsgHeader_Add(raw, name.c_str(), value.c_str())));
  }
  jsPubAck* answer = nullptr;
  TRY(check(js_PublishMsg(&answer, handles_->context.get(), raw, nullptr, nullptr)));
  const Acknowledgement acknowledgement(answer);
  return Json{{"stream", answer->Stream}, {"seq", answer->Sequence}, {"duplicate", answer->Duplicate}};
}

Result<void> JetStream::settle(const std::string& stream, const std::vector<Settling>& all,
                               const std::function<void(std::uint64_t)>& done) {
  Arguments which;
  which.name = stream;
  for (const auto& one : all) {
    if (one.publish) {
      TRY(publish(one.anew, one.body));
    }
    which.from_seq = one.seq;
    TRY(remove(which));
    done(one.seq);
  }
  return base::success();
}

}  // namespace broker
