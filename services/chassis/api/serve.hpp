#pragma once
// From "everything is built" to "everything is ended", the same for every service: opens the ports, says ready, waits
// for the request to stop, and drains in the right order.

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/api/api.hpp"
#include "services/chassis/api/operations.hpp"
#include "services/chassis/api/states_door.hpp"
#include "services/chassis/env/environment.hpp"
#include "services/chassis/health/health.hpp"

namespace chassis {

// Serves `inner` on port `http` and `methods` on port `grpc`, where there is one, as the configuration names them.
// Returns after a drained shutdown; what the two borrow must live until then. Errors: unavailable when a port is taken,
// invalid when the configuration names no port `http`. `states` and `operations` are lent as well; null: the service
// has none.
base::Task<base::Result<void>> serve(Environment& env, Health& health, HttpEntry::Inner inner,
                                     rpc::Methods methods = {}, const States* states = nullptr,
                                     const Operations* operations = nullptr);

// The usual case: both doors of one Api, and its operations.
base::Task<base::Result<void>> serve(Environment& env, Health& health, const Api& api, const States* states = nullptr);

}  // namespace chassis
