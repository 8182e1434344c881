#include "services/notification/adapters/in/notification_api.hpp"

#include "services/notification/proto/notification.pb.h"

namespace notification_service::adapters {
namespace {

using notification::v1::GetMailRequest;
using notification::v1::ListMailRequest;
using notification::v1::ListMailResponse;
using notification::v1::Mail;

Mail to_message(const domain::Mail& mail) {
  Mail message;
  message.set_id(mail.id);
  message.set_user_id(mail.user_id);
  message.set_order_id(mail.order_id);
  message.set_event(mail.event);
  message.set_language(mail.letter.language);
  message.set_subject(mail.letter.subject);
  message.set_body(mail.letter.body);
  message.set_message_id(mail.message_id);
  message.set_created_at(mail.created_at);
  message.set_delivered_at(mail.delivered_at);
  return message;
}

base::Task<base::Result<Mail>> get(app::Notices& notices, chassis::CallContext context, GetMailRequest request) {
  CO_TRY(const auto mail, co_await notices.get(std::move(context), request.id()));
  co_return to_message(mail);
}

base::Task<base::Result<ListMailResponse>> list(app::Notices& notices, chassis::CallContext context,
                                                ListMailRequest request) {
  app::PageRequest wanted{{request.user_id(), request.order_id()}, request.page_size(), request.page_token()};
  CO_TRY(const auto page, co_await notices.list(std::move(context), std::move(wanted)));
  ListMailResponse message;
  for (const auto& mail : page.items) *message.add_mails() = to_message(mail);
  message.set_next_page_token(page.next_token);
  co_return message;
}

}  // namespace

void add_routes(chassis::Api& api, app::Notices& notices) {
  api.route("GET /v1/mailbox/{id}", "GetMail", notices, get, {}, {"One mail"});
  api.route("GET /v1/mailbox", "ListMail", notices, list, {}, {"Mails, newest first"});
}

}  // namespace notification_service::adapters
