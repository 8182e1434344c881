#include "services/gateway/adapters/in/public_document.hpp"

#include "services/chassis/api/openapi.hpp"
#include "services/gateway/domain/public_api.hpp"

namespace gateway_service::adapters {
namespace {

chassis::Handled answer_with(std::string text) {
  chassis::Handled handled{{}, std::string(chassis::openapi_path)};
  handled.response.headers.add("Content-Type", "application/json");
  handled.response.body = std::move(text);
  return handled;
}

}  // namespace

base::Task<base::Json> PublicDocument::document_of(std::size_t upstream) const {
  const auto choice = upstreams_[upstream]->pick();
  for (std::size_t i = 0; i < std::min(choice.size(), max_attempts); ++i) {
    base::http::Request request;
    request.target = std::string(chassis::openapi_path);
    auto target = choice.at(i);
    const auto answer = co_await env_.http.send(std::move(target), std::move(request), patience);
    if (!answer || answer.value().status != 200) continue;
    if (auto document = base::parse_json(answer.value().body)) co_return std::move(document).value();
  }
  co_return base::Json();
}

base::Task<chassis::Handled> PublicDocument::handle() const {
  const auto now = env_.clock.monotonic();
  {
    const std::lock_guard lock(mutex_);
    if (!text_.empty() && now < until_) co_return answer_with(text_);
  }
  std::map<std::string, base::Json> documents;
  for (const auto& route : routes_) {
    if (documents.contains(route.service)) continue;
    auto document = co_await document_of(route.upstream);
    documents[route.service] = std::move(document);
  }
  auto text = base::dump_json_pretty(domain::public_api(env_.config.name, routes_, documents)) + "\n";
  {
    const std::lock_guard lock(mutex_);
    text_ = text;
    until_ = now + kept_for;
  }
  co_return answer_with(std::move(text));
}

}  // namespace gateway_service::adapters
