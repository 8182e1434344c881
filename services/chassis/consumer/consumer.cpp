#include "services/chassis/consumer/consumer.hpp"

#include "services/chassis/api/json_mapping.hpp"
#include "services/chassis/consumer/pump.hpp"

namespace chassis {

Consumer::Consumer(Environment& env, broker::Broker& broker, consumer::Options options)
    : env_(env), broker_(broker), options_(options) {}

Consumer::~Consumer() = default;

base::Result<void> Consumer::read(const base::Json& data, google::protobuf::Message& message) {
  return from_json(data, message, Unknown::ignore);
}

void Consumer::add(const std::string& type, Invoke invoke) {
  const auto known = env_.config.publishers.find(type);
  const auto publishers =
      known == env_.config.publishers.end() || known->second.empty() ? std::vector<std::string>{""} : known->second;
  for (const auto& publisher : publishers) {
    pumps_.push_back(std::make_unique<consumer::Pump>(env_, broker_, options_, type, publisher, invoke));
  }
}

base::Task<> Consumer::run() {
  for (auto& pump : pumps_) env_.scheduler.spawn(pump->run());
  co_return;
}

}  // namespace chassis
