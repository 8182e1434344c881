#pragma once
// Provider states: what a service must be like before an interaction of a consumer's contract is replayed, by name. A
// service declares them in one place, by its own use cases and its own database:
//
//   states.on("a user exists", [&users](chassis::CallContext context, base::Json params) { return add(users, …); });
//
// `msctl contract-test`, or another Pact verifier, asks for them through a door that only a local cluster opens
// (states_door.hpp). States are added before the first request; afterwards a States is thread-safe.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/call/context.hpp"

namespace chassis {

class States {
 public:
  // `params` is an object, empty when the contract gives none. Returns an object: values that the contract's
  // ProviderState generators use, such as the id that was given to a new user.
  using Change = std::function<base::Task<base::Result<base::Json>>(CallContext context, base::Json params)>;

  // May be set up again and again, so `setup` must not mind what is there already. `teardown` may be empty.
  States& on(std::string name, Change setup, Change teardown = {});

  // Errors: not_found, with the names that are known; those of the state itself.
  base::Task<base::Result<base::Json>> set_up(CallContext context, std::string name, base::Json params) const;
  base::Task<base::Result<base::Json>> tear_down(CallContext context, std::string name, base::Json params) const;

  std::vector<std::string> names() const;

 private:
  struct State {
    Change setup;
    Change teardown;
  };
  base::Result<const State*> find(const std::string& name) const;

  std::map<std::string, State> states_;
};

// The member `key` of a state's parameters as text, or `fallback` when it is not there. Errors: invalid when it is no
// string.
base::Result<std::string> text_param(const base::Json& params, const std::string& key, std::string fallback = {});

}  // namespace chassis
