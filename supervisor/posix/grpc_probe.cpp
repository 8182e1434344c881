#include "supervisor/posix/grpc_probe.hpp"

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstring>
#include <optional>

#include "supervisor/ports/notify.hpp"

namespace posix {
namespace {

constexpr std::size_t max_message_bytes = 4096;   // the answer has two
constexpr std::size_t max_received = 256 * 1024;  // settings, header and whatever else a server likes to send
constexpr std::size_t max_problem_bytes = 300;
constexpr std::size_t settings_at = 4;   // the byte that holds the type of the first frame, which is known
constexpr std::size_t prefix_bytes = 5;  // of a gRPC message: compressed or not, and its length

// google.golang.org/grpc/codes has the same numbers everywhere.
constexpr std::array<std::string_view, 17> status_names{
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};
constexpr std::array<std::string_view, 4> serving_names{"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};
constexpr std::uint64_t serving = 1;

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

std::optional<std::uint64_t> take_varint(std::string_view& in) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

// HealthCheckRequest {string service = 1} behind its prefix.
std::string request_message(const std::string& service) {
  std::string message;
  if (!service.empty()) {
    message += '\x0a';
    put_varint(message, service.size());
    message += service;
  }
  std::string framed(1, '\0');
  for (const int shift : {24, 16, 8, 0}) framed += static_cast<char>((message.size() >> shift) & 0xff);
  return framed + message;
}

// Skips a field's value. Groups are not in use since proto2.
bool skip(std::string_view& in, std::uint64_t wire_type) {
  std::uint64_t size = 0;
  if (wire_type == 0) return take_varint(in).has_value();
  if (wire_type == 1) size = 8;
  if (wire_type == 5) size = 4;
  if (wire_type == 2) size = take_varint(in).value_or(in.size() + 1);
  if (wire_type == 3 || wire_type == 4 || wire_type > 5 || size > in.size()) return false;
  in.remove_prefix(size);
  return true;
}

// HealthCheckResponse {ServingStatus status = 1}; nothing when it is not one.
std::optional<std::uint64_t> serving_status(std::string_view framed) {
  if (framed.size() < prefix_bytes || framed[0] != '\0') return std::nullopt;
  std::uint64_t size = 0;
  for (const char c : framed.substr(1, 4)) size = size << 8 | static_cast<unsigned char>(c);
  std::string_view message = framed.substr(prefix_bytes);
  if (message.size() != size) return std::nullopt;
  std::uint64_t status = 0;
  while (!message.empty()) {
    const auto tag = take_varint(message);
    if (!tag) return std::nullopt;
    if (*tag == (1 << 3)) {
      const auto value = take_varint(message);
      if (!value) return std::nullopt;
      status = *value;
    } else if (!skip(message, *tag & 7)) {
      return std::nullopt;
    }
  }
  return status;
}

nghttp2_nv header(const std::string& name, const std::string& value) {
  // Sent without being changed; the library's interface is that of C.
  const auto bytes = [](const std::string& text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

template <std::size_t Size>
std::string name_in(const std::array<std::string_view, Size>& names, std::uint64_t number) {
  return number < Size ? std::string(names[number]) : std::to_string(number);
}

}  // namespace

struct GrpcHealthCheck::Impl {
  nghttp2_session* session = nullptr;
  std::string service;
  std::string request;
  std::size_t sent = 0;
  std::size_t received = 0;
  std::string begin;  // of what was received
  std::string message;
  std::string http_status;
  std::string grpc_status;
  std::string grpc_message;
  std::string broken;  // why there will be no answer
  bool closed = false;

  ~Impl() { nghttp2_session_del(session); }

  void open(const std::string& authority);
  void keep(std::string_view name, std::string_view value);

  static ssize_t on_body_wanted(nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t room,
                                std::uint32_t* flags, nghttp2_data_source* source, void*);
  static int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* self);
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t* data, std::size_t size,
                     void* self);
  static int on_close(nghttp2_session*, std::int32_t, std::uint32_t code, void* self);
};

ssize_t GrpcHealthCheck::Impl::on_body_wanted(nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t room,
                                              std::uint32_t* flags, nghttp2_data_source* source, void*) {
  auto& impl = *static_cast<Impl*>(source->ptr);
  const std::size_t size = impl.request.copy(reinterpret_cast<char*>(out), room, impl.sent);
  impl.sent += size;
  if (impl.sent == impl.request.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(size);
}

int GrpcHealthCheck::Impl::on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name,
                                     std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                                     std::uint8_t, void* self) {
  static_cast<Impl*>(self)->keep({reinterpret_cast<const char*>(name), name_size},
                                 {reinterpret_cast<const char*>(value), value_size});
  return 0;
}

int GrpcHealthCheck::Impl::on_data(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t* data,
                                   std::size_t size, void* self) {
  auto& impl = *static_cast<Impl*>(self);
  if (impl.message.size() + size > max_message_bytes) {
    impl.broken = "its answer is too long for a health check";
    return 0;
  }
  impl.message.append(reinterpret_cast<const char*>(data), size);
  return 0;
}

int GrpcHealthCheck::Impl::on_close(nghttp2_session*, std::int32_t, std::uint32_t code, void* self) {
  auto& impl = *static_cast<Impl*>(self);
  impl.closed = true;
  const bool has_status = !impl.grpc_status.empty();  // NO_ERROR, or a server that has no more interest in our half
  if (code != NGHTTP2_NO_ERROR && !has_status) {
    impl.broken = std::string("it ended the call with HTTP/2 error ") + nghttp2_http2_strerror(code);
  }
  return 0;
}

void GrpcHealthCheck::Impl::keep(std::string_view name, std::string_view value) {
  std::string* place = nullptr;
  if (name == ":status") place = &http_status;
  if (name == "grpc-status") place = &grpc_status;
  if (name == "grpc-message") place = &grpc_message;
  if (place != nullptr) *place = ports::one_line(value, max_problem_bytes);
}

void GrpcHealthCheck::Impl::open(const std::string& authority) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
  nghttp2_session_client_new(&session, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);

  const nghttp2_settings_entry no_push{NGHTTP2_SETTINGS_ENABLE_PUSH, 0};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, &no_push, 1);
  const std::array<std::array<std::string, 2>, 7> fields{{{":method", "POST"},
                                                          {":scheme", "http"},
                                                          {":path", "/grpc.health.v1.Health/Check"},
                                                          {":authority", authority},
                                                          {"content-type", "application/grpc"},
                                                          {"te", "trailers"},
                                                          {"user-agent", "msctl"}}};
  std::array<nghttp2_nv, fields.size()> headers{};
  for (std::size_t i = 0; i < fields.size(); ++i) headers[i] = header(fields[i][0], fields[i][1]);
  nghttp2_data_provider body{};
  body.source.ptr = this;
  body.read_callback = on_body_wanted;
  nghttp2_submit_request(session, nullptr, headers.data(), headers.size(), &body, nullptr);
}

GrpcHealthCheck::GrpcHealthCheck(const std::string& authority, const std::string& service)
    : impl_(std::make_unique<Impl>()) {
  impl_->service = service;
  impl_->request = request_message(service);
  impl_->open(authority);
}

GrpcHealthCheck::~GrpcHealthCheck() = default;

std::string GrpcHealthCheck::output() {
  std::string bytes;
  for (;;) {
    const std::uint8_t* piece = nullptr;
    const ssize_t size = nghttp2_session_mem_send(impl_->session, &piece);
    if (size < 0) impl_->broken = nghttp2_strerror(static_cast<int>(size));
    if (size <= 0) return bytes;
    bytes.append(reinterpret_cast<const char*>(piece), static_cast<std::size_t>(size));
  }
}

void GrpcHealthCheck::take(std::string_view bytes) {
  impl_->received += bytes.size();
  if (impl_->received > max_received) impl_->broken = "it sends too much for a health check";
  if (impl_->begin.size() < settings_at) impl_->begin.append(bytes.substr(0, settings_at - impl_->begin.size()));
  if (impl_->begin.size() == settings_at && impl_->begin.back() != NGHTTP2_SETTINGS) {
    impl_->broken = "it does not speak HTTP/2 without TLS";  // the library would wait for the connection's end
  }
  if (done()) return;
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const ssize_t took = nghttp2_session_mem_recv(impl_->session, data, bytes.size());
  if (took < 0 && impl_->broken.empty()) {
    impl_->broken = std::string("it does not speak HTTP/2: ") + nghttp2_strerror(static_cast<int>(took));
  }
  // A server that hung up properly, or one whose HTTP/2 is at fault.
  if (!done() && nghttp2_session_want_read(impl_->session) == 0) impl_->broken = "it ended the connection";
}

bool GrpcHealthCheck::done() const { return impl_->closed || !impl_->broken.empty(); }

ports::Answer GrpcHealthCheck::answer() const {
  ports::Answer answer;
  if (!impl_->broken.empty()) {
    answer.problem = impl_->broken;
  } else if (impl_->http_status != "200") {
    answer.problem = "HTTP status " + impl_->http_status;
  } else if (impl_->grpc_status != "0") {
    std::uint64_t number = status_names.size();
    if (!impl_->grpc_status.empty()) number = std::strtoull(impl_->grpc_status.c_str(), nullptr, 10);
    answer.problem =
        impl_->grpc_status.empty() ? "no gRPC status in its answer" : "gRPC status " + name_in(status_names, number);
    if (!impl_->grpc_message.empty()) answer.problem += ": " + impl_->grpc_message;
    if (number == 12) answer.problem += "; does it serve grpc.health.v1.Health?";
    if (number == 5) answer.problem += "; it knows no service \"" + impl_->service + "\"";
  } else if (const auto status = serving_status(impl_->message)) {
    answer.ok = *status == serving;
    if (!answer.ok) answer.problem = name_in(serving_names, *status);
  } else {
    answer.problem = "its answer is not a HealthCheckResponse";
  }
  return answer;
}

}  // namespace posix
