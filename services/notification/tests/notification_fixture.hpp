#pragma once
// notification-service as a whole on a fake environment, with a real spool in a temporary folder. Events come from the
// broker, as order-service publishes them.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "services/chassis/testing/fake_environment.hpp"
#include "services/notification/notification_service.hpp"

namespace notification_service {

// A folder that is gone with its owner.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    auto name = (std::filesystem::temp_directory_path() / "notification-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline chassis::Config config(const std::string& spool) {
  chassis::Config config;
  config.name = config.instance = "notification-service";
  config.version = "0.1.0";
  config.ports = {{"http", 8084}, {"grpc", 9084}};
  config.database_url = "sqlite::memory:";
  config.broker_url = "nats://127.0.0.1:4222";
  config.publishers = {{"order.confirmed", {"order-service"}}, {"order.cancelled", {"order-service"}}};
  config.states_secret = "secret";
  config.settings = chassis::Settings({{"MAIL_SPOOL", spool}, {"MAIL_DOMAIN", "shop.example"}});
  return config;
}

// The events of order-service.
class OrderEvents {
 public:
  explicit OrderEvents(chassis::testing::FakeEnvironment& world)
      : world_(world), broker_(world.brokers.connect("").value()) {
    chassis::broker::Stream stream{"ORDER-SERVICE", {"order-service.events.>"}};
    world.ask(broker_->ensure_stream(world.clock.monotonic() + std::chrono::seconds(1), std::move(stream)));
  }

  // Each time under another id of the broker's, so that its own window drops nothing.
  void publish(const std::string& type, const std::string& event_id, const base::Json& data) {
    const base::Json event{{"specversion", "1.0"},
                           {"id", event_id},
                           {"source", "/order-service"},
                           {"type", type},
                           {"subject", data.value("order_id", "")},
                           {"time", "2026-11-27T00:00:00.000Z"},
                           {"data", data}};
    std::vector<chassis::broker::Message> messages{
        {"order-service.events." + type, "delivery-" + std::to_string(++published_), {}, base::dump_json(event)}};
    const auto answers =
        world_.ask(broker_->publish(world_.clock.monotonic() + std::chrono::seconds(1), std::move(messages)));
    ASSERT_TRUE(answers && answers->front());
  }
  void confirm(const std::string& order, const std::string& language = "en") {
    publish("order.confirmed", "confirmed-" + order, data(order, language));
  }
  void cancel(const std::string& order, const std::string& reason, const std::string& language = "en") {
    auto cancelled = data(order, language);
    cancelled["reason"] = reason;
    publish("order.cancelled", "cancelled-" + order, cancelled);
  }

  static base::Json data(const std::string& order, const std::string& language) {
    return {
        {"order_id", order}, {"user_id", "ann"}, {"currency", "EUR"}, {"total_cents", 123450}, {"language", language}};
  }

 private:
  chassis::testing::FakeEnvironment& world_;
  std::unique_ptr<chassis::broker::Broker> broker_;
  int published_ = 0;
};

class NotificationFixture : public testing::Test {
 protected:
  explicit NotificationFixture(bool starts = true) : world(config(spool.path() / "mail")), orders(world) {
    if (starts) world.start(run);
  }

  base::Json mails(const std::string& query = "page_size=100") {
    return world.json("GET", "/v1/mailbox?" + query).second["mails"];
  }
  // What lies in the spool to be taken, by file name.
  std::map<std::string, std::string> delivered() {
    std::map<std::string, std::string> files;
    const auto folder = spool.path() / "mail" / "new";
    if (!std::filesystem::is_directory(folder)) return files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      std::ifstream in(entry.path());
      files[entry.path().filename()] = std::string(std::istreambuf_iterator<char>(in), {});
    }
    return files;
  }

  TemporaryFolder spool;
  chassis::testing::FakeEnvironment world;
  OrderEvents orders;
};

}  // namespace notification_service
