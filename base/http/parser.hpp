#pragma once
// Beast's incremental parser, filling our plain messages directly: no beast::fields, no second copy.
// Internal to base/http. Not thread-safe.

#include <cstdint>
#include <optional>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "base/http/message.hpp"

namespace base::http {

namespace beast_http = boost::beast::http;
using BeastError = boost::beast::error_code;

template <bool IsRequest>
class Parser final : public beast_http::basic_parser<IsRequest> {
 public:
  using Message = std::conditional_t<IsRequest, Request, Response>;

  Parser(Message& message, std::size_t header_bytes, std::size_t body_bytes) : message_(message) {
    this->eager(true);
    this->header_limit(static_cast<std::uint32_t>(header_bytes));
    this->body_limit(body_bytes);
  }

 private:
  using View = boost::beast::string_view;
  static std::string_view std_view(View text) { return {text.data(), text.size()}; }

  void on_request_impl(beast_http::verb /*verb*/, View method, View target, int /*version*/,
                       BeastError& /*error*/) override {
    if constexpr (IsRequest) {
      message_.method = std_view(method);
      message_.target = std_view(target);
    }
  }
  void on_response_impl(int code, View /*reason*/, int /*version*/, BeastError& /*error*/) override {
    if constexpr (!IsRequest) message_.status = code;
  }
  void on_field_impl(beast_http::field /*field*/, View name, View value, BeastError& /*error*/) override {
    if (!header_done_) message_.headers.add(std_view(name), std_view(value));  // trailers are dropped
  }
  void on_header_impl(BeastError& /*error*/) override { header_done_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, BeastError& /*error*/) override {
    // Reserved in steps, so that a claimed length alone costs nothing.
    if (length) message_.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, 256 * 1024)));
  }
  std::size_t on_body_impl(View body, BeastError& /*error*/) override {
    message_.body.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t /*size*/, View /*extensions*/, BeastError& /*error*/) override {}
  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, View body, BeastError& /*error*/) override {
    message_.body.append(body.data(), body.size());
    return body.size();
  }
  void on_finish_impl(BeastError& /*error*/) override {}

  Message& message_;
  bool header_done_ = false;
};

}  // namespace base::http
