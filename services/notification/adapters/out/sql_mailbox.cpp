#include "services/notification/adapters/out/sql_mailbox.hpp"

#include "services/chassis/ledger/ledger.hpp"

namespace notification_service::adapters {

namespace db = chassis::db;

namespace {

const std::string columns =
    "id, user_id, order_id, event, language, subject, body, message_id, created_at, delivered_at";

domain::Mail read_mail(const db::Row& row) {
  domain::Mail mail;
  mail.id = row.text(0);
  mail.user_id = row.text(1);
  mail.order_id = row.text(2);
  mail.event = row.text(3);
  mail.letter = {row.text(4), row.text(5), row.text(6)};
  mail.message_id = row.text(7);
  mail.created_at = row.text(8);
  if (!row.is_null(9)) mail.delivered_at = row.text(9);
  return mail;
}

// Only the conditions that are asked for, so that each page is read by an index.
std::pair<std::string, std::vector<db::Value>> page_query(const ports::Filter& filter, const std::string& before,
                                                          int limit) {
  std::string sql = "SELECT " + columns + " FROM mailbox";
  std::vector<db::Value> values;
  const auto add = [&](const std::string& condition, const std::string& value) {
    if (value.empty()) return;
    values.emplace_back(value);
    sql += (values.size() == 1 ? " WHERE " : " AND ") + condition + " $" + std::to_string(values.size());
  };
  add("user_id =", filter.user_id);
  add("order_id =", filter.order_id);
  add("id <", before);
  values.emplace_back(std::int64_t{limit});
  // UUIDv7 ids sort by time, and a page cut by id neither repeats nor skips when mails come in between.
  sql += " ORDER BY id DESC LIMIT $" + std::to_string(values.size());
  return {std::move(sql), std::move(values)};
}

}  // namespace

base::Task<base::Result<void>> SqlMailbox::keep(const chassis::CallContext& context, domain::Mail mail) {
  db::Work work = [mail = std::move(mail), context](db::Transaction& tx) -> base::Result<void> {
    const db::Value delivered_at = mail.delivered_at.empty() ? db::Value() : db::Value(mail.delivered_at);
    TRY(
        tx.exec("INSERT INTO mailbox (id, user_id, order_id, event, language, subject, body, message_id, created_at,"
                " delivered_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                {mail.id, mail.user_id, mail.order_id, mail.event, mail.letter.language, mail.letter.subject,
                 mail.letter.body, mail.message_id, mail.created_at, delivered_at}));
    return chassis::ledger::keep(tx, context);
  };
  CO_TRY(co_await database_.write(context.deadline, std::move(work)));
  kept_();
  co_return base::success();
}

base::Task<base::Result<std::optional<domain::Mail>>> SqlMailbox::find(const chassis::CallContext& context,
                                                                       std::string id) {
  using Found = std::optional<domain::Mail>;
  std::function<base::Result<Found>(db::Transaction&)> work =
      [id = std::move(id)](db::Transaction& tx) -> base::Result<Found> {
    TRY(const auto found, tx.exec("SELECT " + columns + " FROM mailbox WHERE id = $1", {id}));
    if (found.rows.empty()) return Found();
    return Found(read_mail(found.rows.front()));
  };
  co_return co_await database_.read(context.deadline, std::move(work));
}

base::Task<base::Result<std::vector<domain::Mail>>> SqlMailbox::list(const chassis::CallContext& context,
                                                                     ports::Filter filter, std::string before,
                                                                     int limit) {
  using List = std::vector<domain::Mail>;
  std::function<base::Result<List>(db::Transaction&)> work = [filter = std::move(filter), before = std::move(before),
                                                              limit](db::Transaction& tx) -> base::Result<List> {
    const auto [sql, values] = page_query(filter, before, limit);
    TRY(const auto found, tx.exec(sql, values));
    List mails;
    for (const auto& row : found.rows) mails.push_back(read_mail(row));
    return mails;
  };
  co_return co_await database_.read(context.deadline, std::move(work));
}

base::Task<base::Result<std::vector<ports::Due>>> SqlMailbox::take_due(base::Monotonic deadline, base::Wall now,
                                                                       int limit) {
  using List = std::vector<ports::Due>;
  const std::int64_t now_ms = now.time_since_epoch().count();
  std::function<base::Result<List>(db::Transaction&)> work = [now_ms,
                                                              limit](db::Transaction& tx) -> base::Result<List> {
    // What would wait longer than any pause was put off before the clock was set back.
    TRY(tx.exec("UPDATE mailbox SET retry_at = $1 WHERE delivered_at IS NULL AND retry_at > $1",
                {now_ms + std::chrono::milliseconds(domain::longest_pause).count()}));
    TRY(const auto found, tx.exec("SELECT " + columns +
                                      ", attempts FROM mailbox WHERE delivered_at IS NULL AND retry_at <= $1"
                                      " ORDER BY retry_at, id LIMIT $2",
                                  {now_ms, std::int64_t{limit}}));
    List due;
    for (const auto& row : found.rows) {
      ports::Due one{read_mail(row), row.integer(10) + 1};
      const std::int64_t again = now_ms + domain::pause_after(one.attempt).count();
      TRY(tx.exec("UPDATE mailbox SET attempts = $1, retry_at = $2 WHERE id = $3", {one.attempt, again, one.mail.id}));
      due.push_back(std::move(one));
    }
    return due;
  };
  co_return co_await database_.write(deadline, std::move(work));
}

base::Task<base::Result<void>> SqlMailbox::mark_delivered(base::Monotonic deadline, std::vector<std::string> ids,
                                                          std::string delivered_at) {
  db::Work work = [ids = std::move(ids),
                   delivered_at = std::move(delivered_at)](db::Transaction& tx) -> base::Result<void> {
    for (const auto& id : ids) {
      TRY(tx.exec("UPDATE mailbox SET delivered_at = $1 WHERE id = $2", {delivered_at, id}));
    }
    return base::success();
  };
  co_return co_await database_.write(deadline, std::move(work));
}

}  // namespace notification_service::adapters
