#include <nats/nats.h>

#include <optional>
#include <set>

#include "base/subjects.hpp"
#include "services/chassis/broker/nats/connection.hpp"

namespace chassis::broker {
namespace {

using base::Result;

// Where a durable consumer belongs. The server wants a filter that lies within the stream's own subjects.
struct Spot {
  std::string stream;
  std::string filter;
};

std::optional<Spot> spot_in(const jsStreamConfig& config, const Subscription& wanted) {
  for (int i = 0; i < config.SubjectsLen; ++i) {
    if (auto filter = base::subjects_in_both(config.Subjects[i], wanted.subject)) return Spot{config.Name, *filter};
  }
  return std::nullopt;
}

using Streams = std::unique_ptr<jsStreamInfoList, void (*)(jsStreamInfoList*)>;

// Those that take some of these subjects; nothing when there are none.
Result<Streams> streams_of(jsCtx* context, jsOptions options, const std::string& pattern) {
  options.Stream.Info.SubjectsFilter = pattern.c_str();
  jsStreamInfoList* raw = nullptr;
  const auto status = js_Streams(&raw, context, &options, nullptr);
  Streams list(raw, jsStreamInfoList_Destroy);
  if (status != NATS_OK && status != NATS_NOT_FOUND) return check(status).error();
  return list;
}

Result<Spot> find_spot(jsCtx* context, const jsOptions& options, const Subscription& wanted) {
  TRY(const auto list, streams_of(context, options, wanted.subject));
  for (int i = 0; list && i < list->Count; ++i) {
    const auto& config = *list->List[i]->Config;
    if (!wanted.stream.empty() && wanted.stream != config.Name) continue;
    if (auto spot = spot_in(config, wanted)) return std::move(*spot);
  }
  return unavailable("no stream takes " + wanted.subject + " yet");
}

}  // namespace

Result<std::vector<std::string>> Connection::subjects(base::Monotonic deadline, const std::string& pattern) {
  TRY(const auto jet_stream, this->jet_stream(deadline));
  TRY(const auto list, streams_of(jet_stream.context.get(), jet_stream.options, pattern));
  std::set<std::string> parts;
  for (int i = 0; list && i < list->Count; ++i) {
    const auto& config = *list->List[i]->Config;
    for (int k = 0; k < config.SubjectsLen; ++k) {
      if (auto part = base::subjects_in_both(config.Subjects[k], pattern)) parts.insert(std::move(*part));
    }
  }
  return std::vector<std::string>(parts.begin(), parts.end());
}

Result<std::string> Connection::ensure_durable(base::Monotonic deadline, const Subscription& subscription) {
  TRY(const auto jet_stream, this->jet_stream(deadline));
  auto* const context = jet_stream.context.get();
  TRY(const auto spot, find_spot(context, jet_stream.options, subscription));

  jsConsumerConfig config;
  jsConsumerConfig_Init(&config);
  config.Durable = subscription.durable.c_str();
  config.FilterSubject = spot.filter.c_str();
  config.AckPolicy = js_AckExplicit;
  config.AckWait = std::chrono::nanoseconds(subscription.ack_wait).count();
  config.MaxAckPending = subscription.max_unsettled;
  jsConsumerInfo* info = nullptr;
  const auto status = js_AddConsumer(&info, context, spot.stream.c_str(), &config, nullptr, nullptr);
  jsConsumerInfo_Destroy(info);
  TRY(check(status));
  return spot.stream;
}

}  // namespace chassis::broker
