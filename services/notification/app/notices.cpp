#include "services/notification/app/notices.hpp"

#include "base/ids.hpp"
#include "base/refused.hpp"

namespace notification_service::app {

using base::ErrorCode;

base::Task<base::Result<void>> Notices::tell(chassis::CallContext context, domain::Notice notice) {
  if (auto broken = domain::check(notice); !broken.empty())
    co_return base::refused(ErrorCode::invalid, std::move(broken));
  domain::Mail mail;
  CO_TRY(mail.letter, letters_.write(notice));
  mail.id = base::uuid_v7(clock_, random_);
  mail.message_id = mail.id + "@" + mail_domain_;
  mail.user_id = std::move(notice.user_id);
  mail.order_id = std::move(notice.order_id);
  mail.event = std::move(notice.event);
  mail.created_at = base::to_rfc3339(clock_.wall());
  co_return co_await mailbox_.keep(context, std::move(mail));
}

base::Task<base::Result<domain::Mail>> Notices::get(chassis::CallContext context, std::string id) {
  CO_TRY(auto found, co_await mailbox_.find(context, id));
  if (!found) co_return base::fail(ErrorCode::not_found, "there is no mail " + id);
  co_return std::move(*found);
}

base::Task<base::Result<Page>> Notices::list(chassis::CallContext context, PageRequest wanted) {
  CO_TRY(const auto cut, base::page_cut({wanted.size, wanted.token}, base::is_uuid));
  CO_TRY(auto mails, co_await mailbox_.list(context, std::move(wanted.filter), cut.after, cut.size + 1));
  co_return base::page_of(std::move(mails), cut, &domain::Mail::id);
}

}  // namespace notification_service::app
