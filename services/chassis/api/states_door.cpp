#include "services/chassis/api/states_door.hpp"

#include <algorithm>
#include <optional>

#include "base/base64.hpp"
#include "services/chassis/api/local_secret.hpp"
#include "services/chassis/api/problem.hpp"

namespace chassis {
namespace {

using base::ErrorCode;
using base::Json;
using base::http::Request;
using base::http::Response;

constexpr std::chrono::milliseconds look_again{10};
// After the first event, how long one that fits better may take.
constexpr std::chrono::milliseconds settle{300};

Response json_answer(const Json& body) {
  Response response;
  response.headers.add("Content-Type", "application/json");
  response.body = base::dump_json(body);
  return response;
}

// `order-service.events.order.placed` to `order.placed`.
std::string type_of(const broker::Message& message) {
  static constexpr std::string_view mark = ".events.";
  const auto at = message.subject.find(mark);
  return at == std::string::npos ? message.subject : message.subject.substr(at + mark.size());
}

// The newest one that is meant for sure.
const broker::Message* meant(const std::vector<broker::Message>& messages, const std::string& type,
                             const std::string& description) {
  const auto found = std::find_if(messages.rbegin(), messages.rend(), [&](const broker::Message& message) {
    const auto own = type_of(message);
    return type.empty() ? description.find(own) != std::string::npos : own == type;
  });
  return found == messages.rend() ? nullptr : &*found;
}

Response as_pact(const broker::Message& message) {
  Json metadata{{"subject", message.subject}, {"id", message.id}, {"type", type_of(message)}};
  Response response;
  for (const auto& [name, value] : message.headers) {
    if (base::http::iequals(name, "content-type")) {
      response.headers.add("Content-Type", value);
      metadata["contentType"] = value;
    } else {
      metadata[name] = value;
    }
  }
  if (!response.headers.has("Content-Type")) response.headers.add("Content-Type", "application/octet-stream");
  response.headers.add("Pact-Message-Metadata", base::to_base64(base::dump_json(metadata)));
  response.body = message.body;
  return response;
}

struct OneState {
  std::string name;
  Json params = Json::object();
};

base::Result<std::vector<OneState>> states_of(const Json& request) {
  const base::Error wrong = base::fail(
      ErrorCode::malformed, "expected {\"state\": NAME, \"params\": {…}, \"action\": \"setup\" or \"teardown\"}");
  std::vector<OneState> found;
  const auto add = [&](const Json& name, const Json& params) {
    if (!name.is_string() || !(params.is_object() || params.is_null())) return false;
    found.push_back({name.get<std::string>(), params.is_null() ? Json(Json::object()) : params});
    return true;
  };
  if (!request.is_object()) return wrong;
  const Json params = request.value("params", Json());
  if (const auto one = request.find("state"); one != request.end() && !one->is_null()) {
    // Pact's own verifier asks even where an interaction has no state, by an empty name.
    if (*one == "") return found;
    if (!add(*one, params)) return wrong;
    return found;
  }
  const auto many = request.find("states");
  if (many == request.end() || !many->is_array()) return wrong;
  for (const Json& one : *many) {
    const bool good = one.is_object() ? add(one.value("name", Json()), one.value("params", Json())) : add(one, params);
    if (!good) return wrong;
  }
  return found;
}

}  // namespace

bool StatesDoor::takes(const Request& request) const {
  const auto path = request.path();
  return !env_.config.states_secret.empty() && (path == states_path || path == messages_path);
}

CallContext StatesDoor::fresh_context() const {
  CallContext context;
  context.trace = continue_trace({}, {}, env_.random);
  // By this whoever looks at the events knows that they tell of nothing that a client asked for.
  context.request_id = "provider-state-" + accept_request_id({}, env_.clock, env_.random);
  context.deadline = env_.clock.monotonic() + 2 * patience;
  return context;
}

base::Task<Response> StatesDoor::answer(Request request) const {
  const std::string path(request.path());
  auto answered = co_await open(std::move(request));
  if (answered) co_return std::move(answered).value();
  co_return problem(answered.error(), path, fresh_context());
}

base::Task<base::Result<Response>> StatesDoor::open(Request request) const {
  CO_TRY(check_local_secret(request, env_.config.states_secret));
  const bool about_states = request.path() == states_path;
  if (about_states && request.method == "GET") {
    Json names{{"states", states_ == nullptr ? std::vector<std::string>() : states_->names()}};
    co_return json_answer(names);
  }
  if (request.method != "POST") co_return base::fail(ErrorCode::method, request.method + " is not allowed here");
  CO_TRY(auto body, base::parse_json(request.body));
  if (!about_states) co_return co_await message(std::move(body));
  CO_TRY(const auto values, co_await change(std::move(body)));
  co_return json_answer(values);
}

base::Task<base::Result<Json>> StatesDoor::change(Json request) const {
  static const States none;
  const States& states = states_ == nullptr ? none : *states_;
  CO_TRY(auto wanted, states_of(request));
  const Json action = request.value("action", Json("setup"));
  const bool teardown = action == "teardown";
  if (!teardown && action != "setup" && !action.is_null()) {
    co_return base::fail(ErrorCode::malformed, "action: expected \"setup\" or \"teardown\"");
  }
  const bool begins = !teardown && !setting_up_.exchange(!teardown);
  if (teardown) setting_up_ = false;
  if (begins && env_.published != nullptr) mark_ = env_.published->count();
  Json values = Json::object();
  for (auto& one : wanted) {
    auto context = fresh_context();
    auto task = teardown ? states.tear_down(std::move(context), std::move(one.name), std::move(one.params))
                         : states.set_up(std::move(context), std::move(one.name), std::move(one.params));
    CO_TRY(const auto made, co_await std::move(task));
    if (made.is_object()) values.update(made);
  }
  co_return values;
}

base::Task<base::Result<Response>> StatesDoor::message(Json request) const {
  const bool readable = request.is_object() && request.value("description", Json("")).is_string() &&
                        request.value("type", Json("")).is_string();
  if (!readable) co_return base::fail(ErrorCode::malformed, "expected {\"description\": TEXT}");
  if (env_.published == nullptr) {
    co_return base::fail(ErrorCode::not_found, "this service has no broker, so it publishes nothing");
  }
  setting_up_ = false;
  const std::string type = request.value("type", "");
  const std::string description = request.value("description", "");
  const auto end = env_.clock.monotonic() + patience;
  std::optional<base::Monotonic> first_seen;
  while (true) {
    const auto messages = env_.published->after(mark_);
    if (const auto* found = meant(messages, type, description)) co_return as_pact(*found);
    const auto now = env_.clock.monotonic();
    if (!messages.empty() && !first_seen) first_seen = now;
    if (first_seen && type.empty() && now >= *first_seen + settle) co_return as_pact(messages.back());
    if (now >= end) break;
    co_await env_.scheduler.sleep(look_again);
  }
  co_return base::fail(ErrorCode::not_found, "no event" + (type.empty() ? std::string() : " of type " + type) +
                                                 " was published within 5 s after the provider state was set up");
}

}  // namespace chassis
