#include "services/chassis/consumer/consumer.hpp"

#include <stdexcept>

#include "services/chassis/api/json_mapping.hpp"
#include "services/chassis/consumer/pump.hpp"

namespace chassis {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds search_patience{5'000};
constexpr milliseconds first_pause{250};  // streams come up with their services
constexpr milliseconds longest_pause{5'000};

}  // namespace

Consumer::Consumer(Environment& env, broker::Broker& broker, consumer::Options options)
    : env_(env), broker_(broker), options_(options) {
  options_.check = &check_;
}

Consumer::~Consumer() = default;

base::Result<void> Consumer::read(const base::Json& data, google::protobuf::Message& message) {
  return from_json(data, message, Unknown::ignore);
}

void Consumer::add(const std::string& type, Invoke invoke) {
  types_.insert(type);
  const auto& service = env_.config.name;
  hear(type, consumer::replay_of(service, type), invoke);
  const auto known = env_.config.publishers.find(type);
  if (known == env_.config.publishers.end() || known->second.empty()) {
    undeclared_[type] = std::move(invoke);
    return;
  }
  for (const auto& publisher : known->second) hear(type, consumer::source_of(service, type, publisher), invoke);
}

void Consumer::hear(const std::string& type, const consumer::Source& source, const Invoke& invoke) {
  pumps_.push_back(std::make_unique<consumer::Pump>(env_, broker_, options_, type, source, invoke));
}

base::Result<void> Consumer::start() {
  TRY(check_.sound(types_));
  for (auto& pump : pumps_) env_.scheduler.spawn(pump->run());
  if (!undeclared_.empty()) env_.scheduler.spawn(look_for_publishers());
  return base::success();
}

base::Task<> Consumer::look_for_publishers() {
  for (const auto& [type, invoke] : undeclared_) {
    env_.log.warning("no service says to publish an event that is consumed; all streams that take it are heard",
                     {{"event", type}});
  }
  const auto stop = env_.scheduler.make_signal();
  for (auto pause = first_pause; !env_.scheduler.shutting_down(); pause = std::min(pause * 2, longest_pause)) {
    for (const auto& [type, invoke] : undeclared_) {
      const auto found = co_await broker_.subjects(env_.clock.monotonic() + search_patience, "*.events." + type);
      if (!found || env_.scheduler.shutting_down()) continue;  // it looks again
      for (auto* pump : pumps_of_streams(type, found.value())) env_.scheduler.spawn(pump->run());
    }
    co_await stop->wait(pause);
  }
}

// Of the streams that are new here.
std::vector<consumer::Pump*> Consumer::pumps_of_streams(const std::string& type,
                                                        const std::vector<std::string>& subjects) {
  std::vector<consumer::Pump*> pumps;
  const auto& service = env_.config.name;
  for (const auto& subject : subjects) {
    const auto publisher = subject.substr(0, subject.find('.'));
    if (publisher == service || !heard_.insert(subject).second) continue;
    env_.log.info("events are consumed of a stream", {{"event", type}, {"subject", subject}});
    // A stream that takes it of anybody is the only one: streams do not overlap.
    hear(type, consumer::source_of(service, type, publisher), undeclared_.at(type));
    pumps.push_back(pumps_.back().get());
  }
  return pumps;
}

base::Task<> Consumer::run() {
  if (const auto started = start(); !started) throw std::logic_error(started.error().message);
  co_return;
}

}  // namespace chassis
