#pragma once
// A mail to a user, from the mailbox to its delivery outside. Pure.

#include <chrono>
#include <cstdint>
#include <string>

namespace notification_service::domain {

// What a template made of a notice.
struct Letter {
  std::string language;  // of the template that was found: en, de
  std::string subject;   // one line
  std::string body;      // plain text, lines end with \n
  bool operator==(const Letter&) const = default;
};

struct Mail {
  std::string id;
  std::string user_id;
  std::string order_id;
  std::string event;  // the type of the event that it tells of
  Letter letter;
  std::string message_id;    // without < and >; the same however often the mail is delivered
  std::string created_at;    // RFC 3339
  std::string delivered_at;  // empty until it was handed over
};

// How long to wait after the `attempt`th delivery (from 1) before the next: 2 s, 4 s, 8 s … at most 5 minutes.
std::chrono::milliseconds pause_after(std::int64_t attempt);
inline constexpr std::chrono::minutes longest_pause{5};

}  // namespace notification_service::domain
