#pragma once
// A request to the API, taken apart: segments of the path and parameters. Internal.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http/message.hpp"
#include "base/result.hpp"

namespace registry {

class ApiRequest {
 public:
  // Errors: malformed, when an escape is broken.
  static base::Result<ApiRequest> read(const base::http::Request& request);

  const std::string& method() const { return method_; }
  const std::string& body() const { return body_; }
  // "agent/service/register" for "/v1/agent/service/register/…": the first `count` segments behind "v1".
  bool is(std::initializer_list<std::string_view> segments) const;
  bool starts_with(std::initializer_list<std::string_view> segments) const;
  // What stands behind the first `count` segments, with slashes, since ids may have some.
  std::string rest(std::size_t count) const;

  bool has(std::string_view name) const;
  std::string get(std::string_view name) const;  // the first one, or empty
  std::vector<std::string> all(std::string_view name) const;
  // As strconv.ParseBool; without a value `when_bare`. Empty when it is none.
  std::optional<bool> flag(std::string_view name, bool when_bare) const;

  std::string token() const;

 private:
  std::string method_;
  std::string body_;
  std::string token_;
  std::vector<std::string> segments_;  // behind /v1/, decoded
  std::vector<std::pair<std::string, std::string>> parameters_;
};

}  // namespace registry
