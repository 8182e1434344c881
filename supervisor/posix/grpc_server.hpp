#pragma once
// For tests: the server's half of HTTP/2 on one connection, as bytes in and bytes out. Answers every call alike.

#include <nghttp2/nghttp2.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace posix::testing {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct CannedAnswer {
  Headers headers{{":status", "200"}, {"content-type", "application/grpc"}};
  std::string body;  // framed as gRPC does; empty: trailers only
  Headers trailers{{"grpc-status", "0"}};
};

// A HealthCheckResponse with that status, behind its prefix.
inline std::string health_message(char status) { return {'\0', '\0', '\0', '\0', '\x02', '\x08', status}; }

class GrpcServerSession {
 public:
  explicit GrpcServerSession(CannedAnswer answer) : answer_(std::move(answer)) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_server_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~GrpcServerSession() { nghttp2_session_del(session_); }
  GrpcServerSession(const GrpcServerSession&) = delete;

  bool take(std::string_view bytes) {
    return nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()) >= 0;
  }
  std::string output() {
    std::string bytes;
    const std::uint8_t* piece = nullptr;
    for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_, &piece)) > 0;) {
      bytes.append(reinterpret_cast<const char*>(piece), static_cast<std::size_t>(size));
    }
    return bytes;
  }
  // What the client asked.
  Headers asked;
  std::string request;

 private:
  static std::vector<nghttp2_nv> list(Headers& headers) {
    std::vector<nghttp2_nv> made;
    for (auto& [name, value] : headers) {
      made.push_back({reinterpret_cast<std::uint8_t*>(name.data()), reinterpret_cast<std::uint8_t*>(value.data()),
                      name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    }
    return made;
  }
  static ssize_t on_body_wanted(nghttp2_session* session, std::int32_t stream, std::uint8_t* out, std::size_t room,
                                std::uint32_t* flags, nghttp2_data_source* source, void*) {
    auto& self = *static_cast<GrpcServerSession*>(source->ptr);
    const std::size_t size = self.answer_.body.copy(reinterpret_cast<char*>(out), room, self.sent_);
    self.sent_ += size;
    if (self.sent_ == self.answer_.body.size()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const auto trailers = list(self.answer_.trailers);
      nghttp2_submit_trailer(session, stream, trailers.data(), trailers.size());
    }
    return static_cast<ssize_t>(size);
  }
  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    auto& self = *static_cast<GrpcServerSession*>(user);
    const bool is_request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!is_request || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    nghttp2_data_provider body{};
    body.source.ptr = &self;
    body.read_callback = on_body_wanted;
    Headers headers = self.answer_.headers;
    if (self.answer_.body.empty()) {
      headers.insert(headers.end(), self.answer_.trailers.begin(), self.answer_.trailers.end());
    }
    const auto made = list(headers);
    nghttp2_submit_response(session, frame->hd.stream_id, made.data(), made.size(),
                            self.answer_.body.empty() ? nullptr : &body);
    return 0;
  }
  static int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* self) {
    static_cast<GrpcServerSession*>(self)->asked.emplace_back(
        std::string(reinterpret_cast<const char*>(name), name_size),
        std::string(reinterpret_cast<const char*>(value), value_size));
    return 0;
  }
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t* data, std::size_t size,
                     void* self) {
    static_cast<GrpcServerSession*>(self)->request.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }

  CannedAnswer answer_;
  std::size_t sent_ = 0;
  nghttp2_session* session_ = nullptr;
};

}  // namespace posix::testing
