#include "services/notification/adapters/out/rfc5322.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "base/base64.hpp"

namespace notification_service::adapters {
namespace {

constexpr std::size_t longest_line = 76;           // of quoted-printable (RFC 2045 §6.7)
constexpr std::size_t longest_plain = 60;          // a subject behind `Subject: ` that needs no folding
constexpr std::size_t bytes_of_encoded_word = 42;  // 75 characters at most (RFC 2047 §2) with what stands around them
constexpr std::string_view hex = "0123456789ABCDEF";

bool is_printable(char c) { return c >= ' ' && c <= '~'; }
bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// RFC 2047. A long one is encoded as well, since encoded words can be put on lines of their own.
std::string unstructured(const std::string& text) {
  const bool is_plain = text.size() <= longest_plain && text.find("=?") == std::string::npos &&
                        std::all_of(text.begin(), text.end(), is_printable);
  if (is_plain) return text;
  std::string words;
  for (std::size_t begin = 0; begin < text.size();) {
    auto end = std::min(begin + bytes_of_encoded_word, text.size());
    while (end < text.size() && end > begin + 1 && continues_character(text[end])) --end;
    if (!words.empty()) words += "\r\n ";
    words += "=?UTF-8?B?" + base::to_base64(std::string_view(text).substr(begin, end - begin)) + "?=";
    begin = end;
  }
  return words;
}

std::string as_hex(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return {'=', hex[byte >> 4U], hex[byte & 0xFU]};
}

// RFC 2045 §6.7, line by line.
std::string quoted_printable(std::string_view text) {
  std::string encoded;
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      encoded += "\r\n";
      column = 0;
      continue;
    }
    const bool ends_line = i + 1 == text.size() || text[i + 1] == '\n';
    const bool stays = is_printable(c) && c != '=' && !(c == ' ' && ends_line);
    const std::string piece = stays ? std::string(1, c) : as_hex(c);
    if (column + piece.size() >= longest_line) {
      encoded += "=\r\n";
      column = 0;
    }
    encoded += piece;
    column += piece.size();
  }
  if (column > 0) encoded += "\r\n";
  return encoded;
}

// What may stand before the @ without quotes (RFC 5322 §3.2.3); anything else is `=` and its bytes.
std::string local_part(const std::string& id) {
  std::string part;
  for (const char c : id) {
    const bool is_atom =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    part += is_atom ? std::string(1, c) : as_hex(c);
  }
  return part;
}

int number_at(const std::string& text, std::size_t at, std::size_t digits) {
  int number = 0;
  if (at + digits <= text.size()) std::from_chars(text.data() + at, text.data() + at + digits, number);
  return number;
}

// 2026-11-27T04:38:26.123Z as Fri, 27 Nov 2026 04:38:26 +0000
std::string date_time(const std::string& rfc3339) {
  static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  namespace chrono = std::chrono;
  const chrono::year_month_day date{chrono::year(number_at(rfc3339, 0, 4)),
                                    chrono::month(static_cast<unsigned>(number_at(rfc3339, 5, 2))),
                                    chrono::day(static_cast<unsigned>(number_at(rfc3339, 8, 2)))};
  if (!date.ok() || rfc3339.size() < 19) return "Thu, 01 Jan 1970 00:00:00 +0000";
  const chrono::weekday weekday{chrono::sys_days(date)};
  return std::string(days.at(weekday.c_encoding())) + ", " + rfc3339.substr(8, 2) + " " +
         months.at(static_cast<unsigned>(date.month()) - 1) + " " + rfc3339.substr(0, 4) + " " + rfc3339.substr(11, 8) +
         " +0000";
}

}  // namespace

std::string to_rfc5322(const domain::Mail& mail, const std::string& mail_domain) {
  std::string text;
  const auto add = [&text](const std::string& name, const std::string& value) { text += name + ": " + value + "\r\n"; };
  add("Date", date_time(mail.created_at));
  add("From", "no-reply@" + mail_domain);
  add("To", local_part(mail.user_id) + "@" + mail_domain);
  add("Message-ID", "<" + mail.message_id + ">");
  add("Subject", unstructured(mail.letter.subject));
  add("Auto-Submitted", "auto-generated");  // RFC 3834: so that nobody's holiday answers it
  add("MIME-Version", "1.0");
  add("Content-Type", "text/plain; charset=UTF-8");
  add("Content-Language", mail.letter.language);
  add("Content-Transfer-Encoding", "quoted-printable");
  return text + "\r\n" + quoted_printable(mail.letter.body);
}

}  // namespace notification_service::adapters
