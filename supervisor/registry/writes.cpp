#include "supervisor/registry/writes.hpp"

#include <array>

#include "supervisor/registry/bodies.hpp"
#include "supervisor/registry/reads.hpp"

namespace registry {
namespace {

using base::ErrorCode;
using base::http::Response;

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed:
      return 400;
    case ErrorCode::permission:
      return 403;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::too_large:
      return 413;
    default:
      return 500;  // as Consul has it for a check that has no TTL
  }
}

Response answer(const base::Result<void>& done) {
  if (!done) return text_answer(status_of(done.error().code), done.error().message);
  Response empty;
  empty.status = 200;
  return empty;
}

Response register_service(Catalog& catalog, const ApiRequest& request) {
  auto definition = read_service(request.body());
  if (!definition) return answer(definition.error());
  const bool replace =
      request.has("replace-existing-checks") && request.flag("replace-existing-checks", true).value_or(false);
  return answer(catalog.register_service(std::move(definition).value(), replace));
}

Response register_check(Catalog& catalog, const ApiRequest& request) {
  auto body = read_check(request.body());
  if (!body) return answer(body.error());
  return answer(catalog.register_check(std::move(body.value().check), body.value().service_id));
}

Response update_check(Catalog& catalog, const ApiRequest& request) {
  const auto update = read_update(request.body());
  if (!update) return answer(update.error());
  return answer(catalog.update_check(request.rest(3), update.value().status, update.value().output));
}

Response maintenance(Catalog& catalog, const ApiRequest& request) {
  const std::string id = request.rest(3);
  if (id.empty()) return text_answer(400, "Missing service ID");
  if (!request.has("enable")) return text_answer(400, "Missing value for enable");
  const auto on = request.get("enable").empty() ? std::nullopt : request.flag("enable", false);
  if (!on) return text_answer(400, "Invalid value for enable: \"" + request.get("enable") + "\"");
  return answer(catalog.set_maintenance(id, *on, request.get("reason").substr(0, max_output_bytes)));
}

}  // namespace

std::optional<Write> find_write(Catalog& catalog, const ApiRequest& request) {
  const auto write = [&](auto act, bool get_too = false) {
    return Write{[&catalog, &request, act] { return act(catalog, request); }, get_too};
  };
  if (request.is({"agent", "service", "register"})) return write(register_service);
  if (request.is({"agent", "check", "register"})) return write(register_check);
  if (request.starts_with({"agent", "check", "update"})) return write(update_check);
  if (request.starts_with({"agent", "service", "maintenance"})) return write(maintenance);
  if (request.starts_with({"agent", "service", "deregister"})) {
    return Write{[&] { return answer(catalog.deregister_service(request.rest(3))); }, true};
  }
  if (request.starts_with({"agent", "check", "deregister"})) {
    return Write{[&] { return answer(catalog.deregister_check(request.rest(3))); }, true};
  }
  static constexpr std::array<std::pair<std::string_view, Status>, 3> verdicts{
      {{"pass", Status::passing}, {"warn", Status::warning}, {"fail", Status::critical}}};
  for (const auto& [verb, status] : verdicts) {
    if (!request.starts_with({"agent", "check", verb})) continue;
    return Write{
        [&, status = status] { return answer(catalog.update_check(request.rest(3), status, request.get("note"))); },
        true};
  }
  return std::nullopt;
}

}  // namespace registry
