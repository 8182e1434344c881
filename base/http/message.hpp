#pragma once
// HTTP/1.1 messages as plain values. No thread affinity. Names of headers compare without regard to case (RFC 9110
// §5.1).

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace base::http {

// Header fields in the order of arrival; few, so a linear search is the fastest map.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  // First value of that name, or empty.
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  void add(std::string_view name, std::string_view value);
  // Replaces all fields of that name by one.
  void set(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  void clear() { fields_.clear(); }

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }

 private:
  std::vector<Field> fields_;
};

bool iequals(std::string_view a, std::string_view b);

// True when one of the comma-separated elements of any field `name` is `element` (RFC 9110 §5.6.1).
bool list_contains(const Headers& headers, std::string_view name, std::string_view element);

struct Request {
  std::string method = "GET";
  std::string target = "/";  // origin-form as sent: path and query, still percent-encoded
  Headers headers;
  std::string body;
  std::string peer = {};  // address of the other side, for logs
  int peer_uid = -1;      // user id of the other side on a Unix socket (SO_PEERCRED), else -1

  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  std::string_view query() const {
    const auto mark = target.find('?');
    return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
  }
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
};

std::string_view reason_phrase(int status);

// `%41` to `A`; false when an escape is broken or decodes to NUL. '+' stays as it is.
bool percent_decode(std::string_view text, std::string& out);

// RFC 3986 unreserved characters stay, the rest becomes %XX.
std::string percent_encode(std::string_view text);

// Decoded name and value pairs of a query string; broken escapes end it with false.
bool parse_query(std::string_view query, std::vector<std::pair<std::string, std::string>>& out);

}  // namespace base::http
