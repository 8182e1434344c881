#include "services/chassis/broker/errors.hpp"

#include <chrono>

namespace chassis::broker {

using base::ErrorCode;

base::Error late() { return base::fail(ErrorCode::timeout, "broker: no answer before the deadline"); }

base::Error unavailable(const std::string& what) {
  return {ErrorCode::unavailable, "broker: " + what, {}, std::chrono::seconds(1)};
}

base::Error out_of_turn() {
  return base::fail(ErrorCode::conflict, "broker: the message before it is not the newest of its stream");
}

base::Error unproven() { return base::fail(ErrorCode::conflict, "broker: not known whether the message is stored"); }

base::Error closing() { return base::fail(ErrorCode::cancelled, "the broker's connection is being closed"); }

base::Error ended() { return base::fail(ErrorCode::cancelled, "broker: the subscription has ended"); }

}  // namespace chassis::broker
