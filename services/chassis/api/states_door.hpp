#pragma once
// The test-only door to a service's provider states, on its REST port. It is there only when the service's
// configuration switches it on (`provider_states`), which the supervisor does for local clusters; every request needs
// the secret that stands there, as `Authorization: Bearer SECRET` or `?secret=SECRET`. Thread-safe.
//
//   POST /_test/provider-states  {"state", "params", "action": "setup"|"teardown"} → the state's values. `states` in
//                                place of `state` (a list of names or of {name, params}) does several. The forms are
//                                those that Pact's verifiers send to a providerStatesSetupUrl.
//   GET  /_test/provider-states  → {"states": [names]}
//   POST /_test/messages         {"description", "type"?} → the event that the service published since the last set-up,
//                                as it went to the broker: its body, and its headers in Pact-Message-Metadata (base64
//                                of JSON), as Pact's verifiers ask a message provider. With several, the newest one
//                                whose event type is `type` or stands in the description.

#include <atomic>

#include "base/http/message.hpp"
#include "services/chassis/env/environment.hpp"
#include "services/chassis/states/states.hpp"

namespace chassis {

class StatesDoor {
 public:
  static constexpr std::string_view states_path = "/_test/provider-states";
  static constexpr std::string_view messages_path = "/_test/messages";
  // How long an event may take from the state's commit to the broker's answer.
  static constexpr std::chrono::milliseconds patience{5'000};

  // `states` null: the service has none. Both are lent.
  StatesDoor(Environment& env, const States* states) : env_(env), states_(states) {}

  // Whether this request is for the door; never when it is not switched on.
  bool takes(const base::http::Request& request) const;
  // Errors become problem+json.
  base::Task<base::http::Response> answer(base::http::Request request) const;

 private:
  struct Wanted;
  using Json = base::Json;

  CallContext fresh_context() const;
  base::Task<base::Result<base::http::Response>> open(base::http::Request request) const;
  base::Task<base::Result<Json>> change(Json request) const;
  base::Task<base::Result<base::http::Response>> message(Json request) const;

  Environment& env_;
  const States* states_;
  // How many events there were before the states of this interaction were set up.
  mutable std::atomic<std::uint64_t> mark_{0};
  mutable std::atomic<bool> setting_up_{false};  // the last word was a set-up
};

}  // namespace chassis
