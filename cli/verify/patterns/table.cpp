#include <array>

#include "cli/verify/patterns/patterns.hpp"

namespace verify {
namespace {

constexpr std::array table{
    Check{1, "services", "Service per bounded context",
          "looks into processes and programs, asks each gRPC port for each service", services::look},
    Check{2, "api", "API style and versioning",
          "reads one resource by both paths and both versions, sends bad requests to every service", api::look},
    Check{3, "discovery", "Discovery and naming", "adds an instance and drains it again, under requests",
          discovery::look, Ms(15'000)},
    Check{4, "gateway", "Gateway", "", nullptr},
    Check{5, "bff", "BFF", "", nullptr},
    Check{6, "messaging", "Asynchronous messaging", "places an order, reads its event, has it delivered twice",
          messaging::look, Ms(55'000)},
    Check{7, "idempotency", "Idempotent endpoints and dedup",
          "places orders with one key, one after the other and many at once", idempotency::look},
    Check{8, "data-ownership", "Data ownership", "looks which process has whose database, asks for others' databases",
          data_ownership::look},
    Check{9, "outbox", "Transactional outbox",
          "stops the broker, places orders, kills their service, starts the broker", outbox::look, Ms(35'000)},
    Check{10, "cdc", "Change data capture", "", nullptr},
    Check{11, "schemas", "Event schema governance", "breaks a copy of a schema on purpose", schemas::look, Ms(20'000)},
    Check{12, "contracts", "Consumer-driven contracts",
          "verifies the contracts of running services, breaks a copy of one on purpose", contracts::look, Ms(30'000)},
    Check{13, "anti-corruption", "Anti-corruption layer",
          "has the payment provider refuse an order, and book another one without an answer", anti_corruption::look,
          Ms(40'000)},
    Check{14, "read-models", "Read models, CQRS-lite", "", nullptr},
    Check{15, "caching", "Caching tiers", "", nullptr},
    Check{16, "rate-limits", "Rate limits, quotas, shaping", "", nullptr},
    Check{17, "mtls", "mTLS and authn/z between services", "", nullptr},
    Check{18, "secrets", "Secrets and configuration", "", nullptr},
    Check{19, "health", "Health, readiness, graceful shutdown",
          "asks every health endpoint, stops the broker, restarts every service under requests", health::look,
          Ms(25'000)},
    Check{20, "observability", "Observability", "follows one order through logs and events, counts requests in metrics",
          observability::look},
    Check{21, "pipelines", "CI/CD per service", "changes files in a copy of the workspace, renders pipelines there",
          pipelines::look, Ms(20'000)},
    Check{22, "deployment", "Deployment topology", "renders compose and Kubernetes, compares them with what runs",
          deployment::look, Ms(15'000)},
    Check{0, "saga", "Saga", "places an order that is confirmed and one whose stock is sold out after it is paid",
          saga::look, Ms(25'000)},
};

}  // namespace

std::span<const Check> all_checks() { return table; }

}  // namespace verify
