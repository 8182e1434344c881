#include "services/payment/adapters/out/legacy/provider.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "services/payment/adapters/out/legacy/translator.hpp"

namespace payment_service::legacy {
namespace {

using base::ErrorCode;
using base::http::Request;
using base::http::Response;
using ports::Outcome;
using ports::Verdict;

constexpr const char* callee = "legacy-payments";

std::string operation_of(const ports::Demand& demand) {
  return demand.purpose == ports::Purpose::charge ? "charge" : "refund";
}

std::string name_of(Verdict verdict) {
  static constexpr std::array<const char*, 4> names{"authorized", "declined", "unknown", "not_asked"};
  return names[static_cast<std::size_t>(verdict)];
}

Outcome outcome_of(const ports::Demand& demand, const base::Result<Response>& answer) {
  if (answer) return read_answer(demand, answer.value().status, answer.value().body);
  const bool is_away = base::http::nothing_was_sent(answer.error());
  return {is_away ? Verdict::not_asked : Verdict::unknown, answer.error().message};
}

}  // namespace

base::Result<std::unique_ptr<LegacyProvider>> LegacyProvider::connect(chassis::Environment& env) {
  const auto found = env.config.calls.find(callee);
  if (found == env.config.calls.end()) {
    return base::fail(ErrorCode::invalid,
                      env.config.name + " calls " + callee + ": declare it under `calls` in its service.yaml");
  }
  const auto& address = found->second.address;
  const auto colon = address.rfind(':');
  base::http::Target target;
  target.address = address.substr(0, colon);
  const auto* end = address.data() + address.size();
  const auto* begin = colon == std::string::npos ? end : address.data() + colon + 1;
  const auto [stop, error] = std::from_chars(begin, end, target.port);
  if (error != std::errc() || stop != end || target.port == 0) {
    return base::fail(ErrorCode::invalid, std::string(callee) + ": '" + address + "' is not host:port");
  }
  return std::unique_ptr<LegacyProvider>(new LegacyProvider(env, std::move(target), found->second.timeout));
}

base::Task<Outcome> LegacyProvider::ask(ports::Demand demand) {
  auto form = to_form(demand);
  if (!form) {
    count(operation_of(demand), "untranslatable");
    Outcome refused{Verdict::declined, "provider_refused"};
    co_return refused;
  }
  Request request;
  request.method = "POST";
  request.target = payment_path;
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.body = std::move(form).value();
  const auto answer = co_await send(operation_of(demand), std::move(request));
  auto outcome = outcome_of(demand, answer);
  count(operation_of(demand), name_of(outcome.verdict));
  co_return outcome;
}

base::Task<base::Result<ports::Finding>> LegacyProvider::find(ports::Demand demand) {
  Request request;
  request.target = to_search(demand);
  const auto answer = co_await send("find", std::move(request));
  auto finding = answer ? read_findings(demand, answer.value().status, answer.value().body)
                        : base::Result<ports::Finding>(answer.error());
  count("find", finding ? finding.value().times > 0 ? "found" : "not_found" : "unknown");
  co_return finding;
}

base::Task<base::Result<void>> LegacyProvider::ping(base::Monotonic deadline) {
  Request request;
  request.target = state_path;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - env_.clock.monotonic());
  auto target = target_;
  const auto answer = co_await env_.http.send(std::move(target), std::move(request), std::min(left, timeout_));
  if (!answer) co_return answer.error();
  if (answer.value().status == 200) co_return base::success();
  co_return base::fail(ErrorCode::unavailable, "HTTP status " + std::to_string(answer.value().status));
}

base::Task<base::Result<Response>> LegacyProvider::send(std::string operation, Request request) {
  const auto began = env_.clock.monotonic();
  auto target = target_;
  auto answer = co_await env_.http.send(std::move(target), std::move(request), timeout_);
  const std::chrono::duration<double> took = env_.clock.monotonic() - began;
  env_.metrics.observe_seconds("payment_provider_seconds", "Time until the payment provider answered, or did not",
                               {{"operation", operation}}, took.count());
  co_return answer;
}

void LegacyProvider::count(const std::string& operation, const std::string& outcome) {
  env_.metrics.count("payment_provider_calls_total", "Calls of the payment provider by what came of them",
                     {{"operation", operation}, {"outcome", outcome}});
}

}  // namespace payment_service::legacy
