#include "tests/bench/events/raw.hpp"

#include "tests/bench/events/measure.hpp"

namespace bench {
namespace {

constexpr std::int64_t patience_ms = 60'000;

void must(natsStatus status, const char* what) {
  if (status != NATS_OK) die(std::string(what) + ": " + natsStatus_GetText(status));
}

}  // namespace

Raw::Raw(const std::string& url, std::string body) : body_(std::move(body)) {
  must(natsConnection_ConnectTo(&connection_, url.c_str()), "connecting");
  must(natsConnection_ConnectTo(&receiving_, url.c_str()), "connecting");
  must(natsConnection_JetStream(&context_, connection_, nullptr), "JetStream");
  must(natsConnection_JetStream(&receiving_context_, receiving_, nullptr), "JetStream");
  const char* subjects[] = {"raw.>"};
  jsStreamConfig config;
  jsStreamConfig_Init(&config);
  config.Name = "RAW";
  config.Subjects = subjects;
  config.SubjectsLen = 1;
  config.Storage = js_FileStorage;
  config.Duplicates = 120LL * 1'000'000'000;
  must(js_AddStream(nullptr, context_, &config, nullptr, nullptr), "making the stream RAW");
  jsSubOptions options;
  jsSubOptions_Init(&options);
  options.ManualAck = true;
  options.Config.Durable = "raw";
  options.Config.AckPolicy = js_AckExplicit;
  must(js_SubscribeSync(&subscription_, receiving_context_, "raw.one", nullptr, &options, nullptr), "subscribing");
}

Raw::~Raw() {
  natsSubscription_Destroy(subscription_);
  jsCtx_Destroy(receiving_context_);
  jsCtx_Destroy(context_);
  natsConnection_Destroy(receiving_);
  natsConnection_Destroy(connection_);
}

void Raw::publish(int events) {
  for (int i = 0; i < events; ++i) {
    natsMsg* message = make("raw.many");
    must(js_PublishMsgAsync(context_, &message, nullptr), "publishing");
    natsMsg_Destroy(message);
  }
  jsPubOptions wait;
  jsPubOptions_Init(&wait);
  wait.MaxWait = patience_ms;
  must(js_PublishAsyncComplete(context_, &wait), "waiting for acknowledgements");
}

double Raw::publish_one_ms() {
  natsMsg* message = make("raw.many");
  const auto start = Clock::now();
  must(js_PublishMsg(nullptr, context_, message, nullptr, nullptr), "publishing");
  const auto end = Clock::now();
  natsMsg_Destroy(message);
  return ms_between(start, end);
}

double Raw::deliver_one_ms() {
  natsMsg* message = make("raw.one");
  const auto start = Clock::now();
  // Not the asynchronous call, which may wait a millisecond for more before it sends.
  must(js_PublishMsg(nullptr, context_, message, nullptr, nullptr), "publishing");
  natsMsg_Destroy(message);
  must(natsSubscription_NextMsg(&message, subscription_, patience_ms), "receiving");
  const auto end = Clock::now();
  must(natsMsg_AckSync(message, nullptr, nullptr), "acknowledging");
  natsMsg_Destroy(message);
  return ms_between(start, end);
}

natsMsg* Raw::make(const char* subject) {
  natsMsg* message = nullptr;
  const auto id = "raw-" + std::to_string(next_++);
  must(natsMsg_Create(&message, subject, nullptr, body_.data(), static_cast<int>(body_.size())), "making a message");
  // The outbox's own headers.
  natsMsgHeader_Add(message, "Content-Type", "application/cloudevents+json");
  natsMsgHeader_Add(message, "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  natsMsgHeader_Add(message, "X-Request-Id", "r");
  natsMsgHeader_Set(message, "Nats-Msg-Id", id.c_str());
  return message;
}

}  // namespace bench
