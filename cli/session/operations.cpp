#include "cli/session/operations.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/http/client.hpp"
#include "base/json_text.hpp"

namespace cli {
namespace {

namespace http = base::http;
using base::ErrorCode;

constexpr std::chrono::seconds patience{60};  // a replay of many rows

std::string detail_of(const http::Response& answer) {
  const auto body = base::parse_json(answer.body);
  const auto detail = body ? base::text_at(body.value(), "detail") : std::string();
  return detail.empty() ? "HTTP status " + std::to_string(answer.status) : detail;
}

ErrorCode code_of(int status) {
  if (status == 404) return ErrorCode::not_found;
  return status < 500 ? ErrorCode::invalid : ErrorCode::unavailable;
}

}  // namespace

std::string local_secret(const std::filesystem::path& config) {
  std::ifstream in(config, std::ios::binary);
  const auto told = base::parse_json(std::string(std::istreambuf_iterator<char>(in), {}));
  if (!told || !told.value().is_object()) return {};
  const auto door = told.value().find("provider_states");
  return door == told.value().end() ? std::string() : base::text_at(*door, "secret");
}

base::Result<base::Json> operate(const Place& place, const std::vector<control::ServiceView>& views,
                                 const std::string& service, const std::string& operation, const base::Json& request) {
  const auto view = std::find_if(views.begin(), views.end(), [&](const control::ServiceView& one) {
    return one.service == service && one.live && one.ports.contains("http");
  });
  if (view == views.end()) {
    return base::fail(ErrorCode::unavailable, service + " does not run; start it with: msctl start " + service);
  }
  const auto secret = local_secret(place.state / "run" / (view->name + ".json"));
  const auto none = base::fail(ErrorCode::not_found, service + " has no " + operation +
                                                         "; a service on the chassis that was built before it had one "
                                                         "must be built anew");
  if (secret.empty()) return none;
  http::Request asked;
  asked.method = request.is_null() ? "GET" : "POST";
  asked.target = "/_ops/" + operation;
  asked.headers.add("Authorization", "Bearer " + secret);
  if (!request.is_null()) {
    asked.headers.add("Content-Type", "application/json");
    asked.body = base::dump_json(request);
  }
  http::Target target;
  target.port = view->ports.at("http");
  TRY(const auto answer, http::send_blocking(target, std::move(asked), patience));
  if (answer.status == 404 && request.is_null()) return none;
  if (answer.status / 100 != 2) return base::fail(code_of(answer.status), service + ": " + detail_of(answer));
  auto body = base::parse_json(answer.body);
  if (!body || !body.value().is_object()) return none;
  return std::move(body).value();
}

}  // namespace cli
