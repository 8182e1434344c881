#include "supervisor/registry/api.hpp"

#include <charconv>

#include "supervisor/registry/reads.hpp"
#include "supervisor/registry/writes.hpp"

namespace registry {
namespace {

using base::http::Request;
using base::http::Response;

// Takes as long for a wrong token as for the right one.
bool same_token(std::string_view given, std::string_view expected) {
  if (given.size() != expected.size() || expected.empty()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < given.size(); ++i) {
    difference |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(expected[i]);
  }
  return difference == 0;
}

Response not_allowed(const std::string& method, std::string_view allowed) {
  auto response = text_answer(405, "method " + method + " not allowed");
  response.headers.set("Allow", allowed);
  return response;
}

// How long to wait for an index above `index`; 0 = answer at once.
struct Blocking {
  std::uint64_t index = 0;
  Ms wait = default_wait;
};

base::Result<Blocking> blocking_of(const ApiRequest& request) {
  Blocking blocking;
  if (const auto text = request.get("wait"); !text.empty()) {
    const auto wait = parse_duration(text);
    if (!wait || *wait < Ms(0)) return base::fail(base::ErrorCode::malformed, "Invalid wait time");
    if (*wait > Ms(0)) blocking.wait = std::min(*wait, longest_wait);
  }
  if (const auto text = request.get("index"); !text.empty()) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), blocking.index);
    if (error != std::errc() || end != text.data() + text.size()) {
      return base::fail(base::ErrorCode::malformed, "Invalid index");
    }
  }
  return blocking;
}

class Api {
 public:
  explicit Api(ApiContext context) : context_(std::move(context)) {}

  base::Task<Response> answer(Request message) {
    const auto request = ApiRequest::read(message);
    if (!request) co_return text_answer(400, request.error().message);
    if (message.path() == "/") co_return text_answer(200, "Consul Agent");
    if (const auto write = find_write(context_.catalog, request.value())) {
      co_return finish(write_now(request.value(), *write), context_.catalog.index());
    }
    const auto read = find_read(context_.catalog, request.value(), context_.port());
    if (!read) co_return finish(unknown(), context_.catalog.index());
    if (request.value().method() != "GET" && request.value().method() != "HEAD") {
      co_return not_allowed(request.value().method(), "GET");
    }
    co_return co_await look(request.value(), *read);
  }

 private:
  static Response unknown() { return text_answer(404, "this is not in the part of Consul's API that msctl answers"); }

  Response write_now(const ApiRequest& request, const Write& write) {
    const bool fits = request.method() == "PUT" || (write.get_too && request.method() == "GET");
    if (!fits) return not_allowed(request.method(), "PUT");
    if (!same_token(request.token(), context_.token)) {
      return text_answer(403,
                         "Permission denied: a change needs the X-Consul-Token that the supervisor keeps in its "
                         "state folder as control/registry.token");
    }
    return write.act();
  }

  base::Task<Response> look(const ApiRequest& request, const Read& read) {
    if (auto refused = refusal(request)) co_return std::move(*refused);
    const auto blocking = blocking_of(request);
    if (!blocking) co_return text_answer(400, blocking.error().message);
    const auto deadline = context_.clock.monotonic() + blocking.value().wait;
    bool again = read.blocks && blocking.value().index > 0;
    // An index from elsewhere, above ours, is answered at once: the client sees it go backwards and starts anew.
    while (again && read.index() == blocking.value().index) again = co_await context_.waiters.wait(deadline);
    const auto index = read.index();
    co_return pretty(request, finish(read.respond(), index));
  }

  std::optional<Response> refusal(const ApiRequest& request) const {
    if (request.has("stale") && request.has("consistent")) {
      return text_answer(400, "Cannot specify ?stale with ?consistent, conflicting semantics.");
    }
    if (!request.get("filter").empty()) {
      return text_answer(400, "filter expressions are not supported here: use ?tag= and ?passing");
    }
    const auto datacenter = request.get("dc");
    if (!datacenter.empty() && datacenter != context_.catalog.node().datacenter) {
      return text_answer(500, "No path to datacenter");
    }
    return std::nullopt;
  }

  static Response finish(Response response, std::uint64_t index) {
    response.headers.set("X-Consul-Index", std::to_string(index));
    response.headers.set("X-Consul-KnownLeader", "true");
    response.headers.set("X-Consul-LastContact", "0");
    response.headers.set("Vary", "Accept-Encoding");
    return response;
  }

  static Response pretty(const ApiRequest& request, Response response) {
    if (!request.has("pretty") || response.headers.get("content-type") != "application/json") return response;
    const auto json = base::parse_json(response.body);
    if (json) response.body = base::dump_json_pretty(json.value()) + "\n";
    return response;
  }

  ApiContext context_;
};

}  // namespace

base::http::Handler make_api(ApiContext context) {
  auto api = std::make_shared<Api>(std::move(context));
  return [api](Request request) { return api->answer(std::move(request)); };
}

Response plain_error(int status, std::string_view detail) { return text_answer(status, detail); }

}  // namespace registry
