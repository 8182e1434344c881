#include "services/chassis/api/route_headers.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "base/sha256.hpp"

namespace chassis {
namespace {

constexpr std::size_t longest_key = 255;

base::Error refused(const std::string& why) {
  base::Error error = base::fail(base::ErrorCode::malformed, std::string(key_header) + ": " + why);
  error.fields.push_back({std::string(key_header), why});
  return error;
}

// `"a\"b"` is a"b (RFC 9651 §4.2.5); nothing when it is no whole string.
std::optional<std::string> unquoted(std::string_view text) {
  if (text.size() < 2 || text.back() != '"') return {};
  std::string read;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '"') return {};
    if (text[i] == '\\') {
      ++i;
      if (i + 1 >= text.size() || (text[i] != '"' && text[i] != '\\')) return {};
    }
    read += text[i];
  }
  return read;
}

// `Fri, 01 Jan 2027 00:00:00 GMT` (RFC 9110 §5.6.7).
std::string http_date(std::chrono::sys_days day) {
  static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::year_month_day date(day);
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%s, %02u %s %04d 00:00:00 GMT",
                days.at(std::chrono::weekday(day).c_encoding()), static_cast<unsigned>(date.day()),
                months.at(static_cast<unsigned>(date.month()) - 1), static_cast<int>(date.year()));
  return text.data();
}

}  // namespace

base::Result<std::optional<std::string>> read_key(OnceKey need, const base::http::Headers& headers) {
  using Key = std::optional<std::string>;
  if (need == OnceKey::ignored) return Key();
  const auto same = [](const auto& field) { return base::http::iequals(field.first, key_header); };
  const auto given = std::count_if(headers.begin(), headers.end(), same);
  if (given == 0 && need == OnceKey::required) {
    return refused("must be given, a value of the client's own that no other request has, such as a UUID");
  }
  if (given == 0) return Key();
  if (given > 1) return refused("is given twice");
  const auto text = headers.get(key_header);
  auto key = text.starts_with('"') ? unquoted(text) : Key(text);
  const auto is_visible = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!key || key->empty() || key->size() > longest_key || !std::all_of(key->begin(), key->end(), is_visible)) {
    return refused("must be 1 to 255 visible ASCII characters without spaces");
  }
  return key;
}

std::string fingerprint(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);  // maps in order
    message.SerializePartialToCodedStream(&out);
  }
  return base::sha256(bytes);
}

void add_deprecation(const Deprecation& deprecation, base::http::Headers& headers) {
  const auto since = std::chrono::duration_cast<std::chrono::seconds>(deprecation.since.time_since_epoch());
  headers.add("Deprecation", "@" + std::to_string(since.count()));
  headers.add("Sunset", http_date(deprecation.sunset));
  if (!deprecation.successor.empty()) {
    headers.add("Link", "<" + deprecation.successor + ">; rel=\"successor-version\"");
  }
}

}  // namespace chassis
