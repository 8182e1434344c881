#pragma once
// A mail as it is handed over: an Internet message (RFC 5322) with MIME (RFC 2045, RFC 2047), in seven bits. Pure.

#include <string>
#include <string_view>

#include "services/notification/domain/mail.hpp"

namespace notification_service::adapters {

// Lines end with CRLF and have at most 78 characters, but for a header field with an id that is longer. Nothing in the
// mail can add a header field. `mail_domain` is that of both addresses: whoever takes the mail on knows users by their
// ids, which are the local part of theirs.
std::string to_rfc5322(const domain::Mail& mail, const std::string& mail_domain);

}  // namespace notification_service::adapters
