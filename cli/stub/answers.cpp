#include "cli/stub/answers.hpp"

#include <algorithm>
#include <array>

#include "base/pact/xml/xml.hpp"

namespace stub {
namespace {

namespace pact = base::pact;

// As every service of the chassis has them, so that probes find the stub as they find the service.
bool is_health(std::string_view path) {
  constexpr std::array<std::string_view, 6> paths = {"/health/ready", "/health/live", "/health/startup",
                                                     "/health",       "/ready",       "/live"};
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

base::http::Response healthy() {
  base::http::Response response;
  response.headers.add("Content-Type", "application/json");
  response.body = R"({"status":"ready","mock":true})";
  return response;
}

base::http::Response not_generated(const base::Error& error) {
  base::http::Response response;
  response.status = 500;
  response.headers.add("Content-Type", "application/problem+json");
  response.body = base::dump_json({{"type", "urn:msctl:problem:internal-error"},
                                   {"title", "The example cannot be made"},
                                   {"status", 500},
                                   {"detail", error.message}});
  return response;
}

}  // namespace

Answers::Answers(const Contracts& contracts, const base::Clock& clock, base::Random& random, std::string url,
                 std::function<void(const std::string&)> log)
    : clock_(clock), random_(random), url_(std::move(url)), log_(std::move(log)) {
  options_.body_matchers.push_back(pact::xml_matcher());
  for (const auto& one : contracts.pacts) {
    for (const auto& interaction : one.interactions) interactions_.push_back(&interaction);
  }
}

pact::GenerateContext Answers::context() const { return {random_, clock_.wall(), false, base::Json::object(), url_}; }

base::http::Response Answers::answer(const base::http::Request& request) const {
  const auto choice = pact::choose_interaction(interactions_, request, options_);
  if (!choice.fits) {
    if (is_health(request.path())) return healthy();
    log_("500 " + pact::explain(request, choice));
    return pact::no_interaction(request, choice);
  }
  const auto response = pact::generate(choice.interaction->response, context());
  if (!response) return not_generated(response.error());
  auto made = pact::to_http(response.value());
  log_(std::to_string(made.status) + " " + request.method + " " + request.target + ": \"" +
       choice.interaction->description + "\"");
  return made;
}

}  // namespace stub
