#include "services/notification/notification_service.hpp"

#include <algorithm>

#include "services/chassis/api/api.hpp"
#include "services/chassis/api/serve.hpp"
#include "services/chassis/consumer/consumer.hpp"
#include "services/chassis/ledger/ledger.hpp"
#include "services/notification/adapters/in/delivery_worker.hpp"
#include "services/notification/adapters/in/notification_api.hpp"
#include "services/notification/adapters/in/notification_states.hpp"
#include "services/notification/adapters/in/order_events.hpp"
#include "services/notification/adapters/out/maildir_postman.hpp"
#include "services/notification/adapters/out/mustache_letters.hpp"
#include "services/notification/adapters/out/sql_mailbox.hpp"
#include "services/notification/app/deliveries.hpp"
#include "services/notification/app/notices.hpp"

namespace notification_service {

std::vector<chassis::db::Migration> migrations();          // generated from migrations/*.sql
const chassis::EventSchemas& consumed_schemas();           // generated from the publishers' events/*.schema.json
std::vector<adapters::LetterTemplate> letter_templates();  // generated from templates/*/*.mustache

namespace {

struct MailSettings {
  std::string spool;
  std::string domain;
};

base::Result<MailSettings> read(const chassis::Settings& settings) {
  MailSettings mail{settings.text("MAIL_SPOOL", ""), settings.text("MAIL_DOMAIN", "shop.invalid")};
  if (!mail.spool.starts_with('/')) {
    return base::fail(base::ErrorCode::malformed, "MAIL_SPOOL: expected the whole path of a folder, got '" +
                                                      mail.spool + "'; set it under env in service.yaml");
  }
  const auto is_fine = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-'; };
  if (mail.domain.size() > 100 || !std::all_of(mail.domain.begin(), mail.domain.end(), is_fine)) {
    return base::fail(base::ErrorCode::malformed, "MAIL_DOMAIN: expected a domain such as shop.example, got '" +
                                                      mail.domain + "'; set it under env in service.yaml");
  }
  return mail;
}

}  // namespace

base::Task<base::Result<void>> run(chassis::Environment& env) {
  CO_TRY(const auto mail, read(env.config.settings));
  CO_TRY(const auto letters, adapters::MustacheLetters::make(letter_templates()));
  CO_TRY(const auto database, env.databases.open(env.config.database_url, migrations()));
  CO_TRY(const auto broker, env.brokers.connect(env.config.broker_url));

  const auto mail_waits = env.scheduler.make_signal();
  adapters::SqlMailbox mailbox(*database, [&mail_waits] { mail_waits->set(); });
  adapters::MaildirPostman postman(env.scheduler, env.random, mail.spool, mail.domain);
  app::Notices notices(env.clock, env.random, letters, mailbox, mail.domain);
  app::Deliveries deliveries(env.clock, mailbox, postman);
  adapters::DeliveryWorker worker(env, deliveries, *mail_waits);
  chassis::Ledger ledger(env, *database);
  chassis::Consumer consumer(env, *broker);
  consumer.remember_in(ledger);
  consumer.check_with(consumed_schemas());
  adapters::add_events(consumer, notices);
  chassis::Api api(env, "notification.v1.NotificationService");
  adapters::add_routes(api, notices);
  chassis::States states;
  adapters::StateParts parts{*database, letters, mailbox};
  adapters::add_states(states, parts);

  chassis::Health health(env.config, env.clock);
  health.add({"database", true, [&](base::Monotonic deadline) { return database->ping(deadline); }});
  // Mails can be read without these; events wait in the broker, and mails in the mailbox.
  health.add({"broker", false, [&](base::Monotonic deadline) { return broker->ping(deadline); }});
  health.add({"spool", false, [&](base::Monotonic deadline) { return postman.ping(deadline); }});
  CO_TRY(consumer.start());
  env.scheduler.spawn(worker.run());
  env.scheduler.spawn(ledger.run());
  co_return co_await chassis::serve(env, health, api, &states);
}

}  // namespace notification_service
