#include "services/notification/adapters/in/notification_states.hpp"

#include "services/notification/domain/notice.hpp"

namespace notification_service::adapters {
namespace {

using base::Json;
using chassis::CallContext;
using chassis::text_param;
namespace db = chassis::db;

constexpr const char* usual_mail = "01890a5d-ac96-774b-bcce-b302099a8059";
constexpr const char* usual_order = "01890a5d-ac96-774b-bcce-b302099a8058";
constexpr const char* usual_user = "01890a5d-ac96-774b-bcce-b302099a8057";

// No use case of the service removes a mail.
base::Task<base::Result<void>> remove(StateParts parts, CallContext context, std::string column, std::string value) {
  db::Work work = [column = std::move(column), value = std::move(value)](db::Transaction& tx) -> base::Result<void> {
    TRY(tx.exec("DELETE FROM mailbox WHERE " + column + " = $1", {value}));
    return base::success();
  };
  co_return co_await parts.database.write(context.deadline, std::move(work));
}

base::Result<domain::Notice> notice_of(const Json& params) {
  domain::Notice notice;
  TRY(notice.event, text_param(params, "event", "order.confirmed"));
  TRY(notice.order_id, text_param(params, "order_id", usual_order));
  TRY(notice.user_id, text_param(params, "user_id", usual_user));
  TRY(notice.language, text_param(params, "language", "en"));
  TRY(notice.reason, text_param(params, "reason", notice.event == "order.cancelled" ? "sold_out" : ""));
  notice.currency = "EUR";
  notice.total_minor = 1000;
  return notice;
}

base::Task<base::Result<Json>> mail_exists(StateParts parts, CallContext context, Json params) {
  CO_TRY(auto notice, notice_of(params));
  domain::Mail mail;
  CO_TRY(mail.letter, parts.letters.write(notice));
  CO_TRY(mail.id, text_param(params, "id", usual_mail));
  mail.message_id = mail.id + "@states.invalid";
  mail.user_id = std::move(notice.user_id);
  mail.order_id = std::move(notice.order_id);
  mail.event = std::move(notice.event);
  mail.created_at = "2026-01-02T03:04:05.000Z";
  CO_TRY(mail.delivered_at, text_param(params, "delivered_at", "2026-01-02T03:04:06.000Z"));
  Json values{{"id", mail.id}, {"user_id", mail.user_id}, {"order_id", mail.order_id}};
  CO_TRY(co_await remove(parts, context, "id", mail.id));
  CO_TRY(co_await parts.mailbox.keep(context, std::move(mail)));
  co_return values;
}

base::Task<base::Result<Json>> no_mail(StateParts parts, CallContext context, Json params) {
  CO_TRY(auto id, text_param(params, "id", usual_mail));
  Json values{{"id", id}};
  CO_TRY(co_await remove(parts, std::move(context), "id", std::move(id)));
  co_return values;
}

base::Task<base::Result<Json>> no_mail_of_user(StateParts parts, CallContext context, Json params) {
  CO_TRY(auto id, text_param(params, "user_id", usual_user));
  Json values{{"user_id", id}};
  CO_TRY(co_await remove(parts, std::move(context), "user_id", std::move(id)));
  co_return values;
}

}  // namespace

void add_states(chassis::States& states, const StateParts& parts) {
  const auto with = [parts](auto state) -> chassis::States::Change {
    return [parts, state](CallContext context, Json params) {
      return state(parts, std::move(context), std::move(params));
    };
  };
  states.on("a mail exists", with(mail_exists), with(no_mail));
  for (const char* name : {"no such mail", "no mail exists"}) states.on(name, with(no_mail));
  states.on("a user has no mail", with(no_mail_of_user));
}

}  // namespace notification_service::adapters
