#pragma once
// Waiting for an HTTP answer that may take minutes, in a task that has to end soon after a shutdown was requested.

#include <optional>

#include "services/chassis/env/environment.hpp"

namespace chassis::discovery {

// Sends from a task of Scheduler::spawn. Empty when the service was asked to stop before the answer was there; the
// request is cut then.
base::Task<std::optional<base::Result<base::http::Response>>> send_until_shutdown(Environment& env,
                                                                                  base::http::Target target,
                                                                                  base::http::Request request,
                                                                                  std::chrono::milliseconds timeout);

}  // namespace chassis::discovery
