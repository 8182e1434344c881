#pragma once
// What a server needs beside parsing: the head of an answer as bytes, the peer's name, a target in origin-form.
// Internal to base/http.

#include <ctime>
#include <string>
#include <string_view>

#include "base/http/message.hpp"

namespace base::http {

// The Date header's value (RFC 9110 §5.6.7), made anew once a second. One thread.
class DateHeader {
 public:
  const std::string& now();

 private:
  std::time_t at_ = 0;
  std::string text_;
};

// Status line and fields with Content-Length, Date and, unless `keep`, `Connection: close`. Replaces what `head` held.
void encode_head(std::string& head, const Response& response, bool keep, std::string_view date);

// Address of a TCP peer without its port; "unix" for a Unix socket, whose peer's user id goes into `uid`.
std::string peer_name(int fd, int& uid);

// Absolute-form (RFC 9112 §3.2.2) is read as its path: routing never looks at the authority.
void to_origin_form(std::string& target);

}  // namespace base::http
