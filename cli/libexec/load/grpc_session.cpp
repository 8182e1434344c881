#include "cli/libexec/load/grpc_session.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include <nghttp2/nghttp2.h>

#include "base/http/message.hpp"

namespace load {
namespace {

constexpr std::int32_t window_bytes = 4 << 20;
constexpr std::int32_t last_stream = 1 << 30;
constexpr std::size_t most_body_bytes = 8 << 20;

nghttp2_nv field(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

int read_number(std::string_view text, int fallback) {
  int value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  return end.ec == std::errc() && end.ptr == text.data() + text.size() ? value : fallback;
}

// At most eight digits are allowed. Never less than was meant: 0 would be over before it began.
std::string timeout_text(std::uint64_t ns) {
  static constexpr std::uint64_t most = 99'999'999;
  if (ns / 1000 < most) return std::to_string(std::max<std::uint64_t>(ns / 1000, 1)) + "u";
  return std::to_string(std::min<std::uint64_t>(ns / 1'000'000, most)) + "m";
}

}  // namespace

struct GrpcSession::Callbacks {
  static GrpcSession& self(void* user) { return *static_cast<GrpcSession*>(user); }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    GrpcSession& one = self(user);
    if (frame->hd.stream_id != one.stream_) return 0;
    const std::string_view key(reinterpret_cast<const char*>(name), name_size);
    const std::string_view text(reinterpret_cast<const char*>(value), value_size);
    if (key == ":status") one.http_status_ = read_number(text, 0);
    if (key == "grpc-status") one.grpc_status_ = std::clamp(read_number(text, 2), 0, 599);
    if (key == "grpc-message") one.grpc_message_ = text;
    if (one.keep_) one.headers_.emplace_back(key, text);
    return 0;
  }

  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data, std::size_t size,
                     void* user) {
    GrpcSession& one = self(user);
    if (stream != one.stream_ || !one.keep_) return 0;
    if (one.body_.size() + size > most_body_bytes)
      return one.why_ = "the answer is longer than 8 MiB", NGHTTP2_ERR_CALLBACK_FAILURE;
    one.body_.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }

  static int on_close(nghttp2_session*, std::int32_t stream, std::uint32_t error, void* user) {
    GrpcSession& one = self(user);
    if (stream != one.stream_) return 0;
    one.done_ = true;
    if (error != 0 && one.grpc_status_ < 0) one.grpc_status_ = error == NGHTTP2_REFUSED_STREAM ? 14 : 13;
    return 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY) self(user).going_away_ = true;
    return 0;
  }

  static ssize_t read_message(nghttp2_session*, std::int32_t, std::uint8_t* buffer, std::size_t size,
                              std::uint32_t* flags, nghttp2_data_source*, void* user) {
    std::string_view& rest = self(user).message_;
    const std::size_t part = std::min(size, rest.size());
    std::memcpy(buffer, rest.data(), part);
    rest.remove_prefix(part);
    if (rest.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(part);
  }
};

GrpcSession::GrpcSession(std::string authority, bool tls) : authority_(std::move(authority)), tls_(tls) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::on_close);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::on_frame);
  nghttp2_session_client_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  const std::array<nghttp2_settings_entry, 2> settings{
      {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}, {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window_bytes}}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, window_bytes);
}

GrpcSession::~GrpcSession() { nghttp2_session_del(session_); }

void GrpcSession::call(const std::string& path, std::string_view message, const Fields& metadata,
                       std::uint64_t timeout_ns, bool keep) {
  message_ = message;
  keep_ = keep;
  done_ = false;
  grpc_status_ = -1;
  http_status_ = 0;
  body_.clear();
  grpc_message_.clear();
  headers_.clear();
  const std::string timeout = timeout_text(timeout_ns);
  std::vector<nghttp2_nv> fields{field(":method", "POST"),
                                 field(":scheme", tls_ ? "https" : "http"),
                                 field(":path", path),
                                 field(":authority", authority_),
                                 field("te", "trailers"),
                                 field("content-type", "application/grpc"),
                                 field("user-agent", "msctl-load"),
                                 field("grpc-timeout", timeout)};
  for (const auto& [name, value] : metadata) fields.push_back(field(name, value));
  nghttp2_data_provider provider{};
  provider.read_callback = Callbacks::read_message;
  stream_ = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), &provider, nullptr);
  if (stream_ < 0) why_ = nghttp2_strerror(stream_);
}

std::string_view GrpcSession::output() {
  if (written_ == out_.size()) {
    out_.clear();
    written_ = 0;
    // What nghttp2 hands out is valid until it is asked again, so it is collected here.
    const std::uint8_t* data = nullptr;
    ssize_t size = 0;
    while ((size = nghttp2_session_mem_send(session_, &data)) > 0) {
      out_.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    }
    if (size < 0 && why_.empty()) why_ = nghttp2_strerror(static_cast<int>(size));
  }
  return std::string_view(out_).substr(written_);
}

void GrpcSession::wrote(std::size_t count) { written_ += count; }

bool GrpcSession::feed(std::string_view bytes) {
  const ssize_t used =
      nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (used < 0) {
    if (why_.empty()) why_ = std::string("not HTTP/2: ") + nghttp2_strerror(static_cast<int>(used));
    return false;
  }
  if (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0) going_away_ = true;
  return true;
}

bool GrpcSession::usable() const { return why_.empty() && !going_away_ && stream_ < last_stream; }

int GrpcSession::status() const {
  if (grpc_status_ >= 0) return grpc_status_;
  switch (http_status_) {
    case 400:
      return 13;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 12;
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;
    default:
      return 2;
  }
}

std::string GrpcSession::error_message() const {
  std::string decoded;
  return base::http::percent_decode(grpc_message_, decoded) ? decoded : grpc_message_;
}

std::string_view GrpcSession::body() const {
  return body_.size() < 5 ? std::string_view() : std::string_view(body_).substr(5);
}

std::string_view GrpcSession::header(std::string_view name) const {
  for (const auto& [key, value] : headers_) {
    if (key.size() == name.size() && std::equal(key.begin(), key.end(), name.begin(), [](char a, char b) {
          return a == (b >= 'A' && b <= 'Z' ? b + 32 : b);
        })) {
      return value;
    }
  }
  return {};
}

}  // namespace load
