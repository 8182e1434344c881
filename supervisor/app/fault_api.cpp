#include "supervisor/app/fault_api.hpp"

#include <charconv>

#include "supervisor/app/answers.hpp"

namespace app {
namespace {

using base::http::Request;
using base::http::Response;

template <class View>
Response list_response(const char* key, const std::vector<View>& views) {
  base::Json list = base::Json::array();
  for (const auto& view : views) list.push_back(control::to_json(view));
  return json_response(200, {{key, std::move(list)}});
}

template <class View>
Response one_response(const base::Result<View>& view) {
  return view ? json_response(202, control::to_json(view.value())) : error_response(view.error());
}

Response open_gate(Faults& faults, const Request& request) {
  const auto body = object_of(request);
  if (!body) return error_response(body.error());
  const auto wanted = control::gate_request(body.value());
  return wanted ? one_response(faults.open_gate(wanted.value())) : error_response(wanted.error());
}

Response begin(Faults& faults, const Request& request) {
  const auto body = object_of(request);
  if (!body) return error_response(body.error());
  const auto wanted = control::fault_request(body.value());
  return wanted ? one_response(faults.begin(wanted.value())) : error_response(wanted.error());
}

// What is between `before` and `after` in the path; empty when it has another form.
std::string middle(const std::string& path, std::string_view before, std::string_view after) {
  if (!path.starts_with(before) || !path.ends_with(after) || path.size() <= before.size() + after.size()) return {};
  std::string name;
  const auto encoded = path.substr(before.size(), path.size() - before.size() - after.size());
  return base::http::percent_decode(encoded, name) ? name : std::string();
}

}  // namespace

Response answer_fault(Faults& faults, const Request& request, const std::string& path) {
  const bool is_list = path == "/v1/gates" || path == "/v1/faults";
  if (is_list && request.method == "GET") {
    return path == "/v1/gates" ? list_response("gates", faults.gates()) : list_response("faults", faults.faults());
  }
  if (request.method != "POST") return wrong_method(is_list ? "GET, POST" : "POST");
  if (path == "/v1/gates") return open_gate(faults, request);
  if (path == "/v1/faults") return begin(faults, request);
  if (const auto service = middle(path, "/v1/gates/", "/close"); !service.empty()) {
    return one_response(faults.close_gate(service));
  }
  const auto id = middle(path, "/v1/faults/", "/end");
  std::uint64_t number = 0;
  const auto end = std::from_chars(id.data(), id.data() + id.size(), number);
  if (id.empty() || end.ec != std::errc() || end.ptr != id.data() + id.size()) return unknown_resource();
  return one_response(faults.end(number));
}

}  // namespace app
