#pragma once
// The errors that every adapter of the broker port says in the same words. Pure functions.

#include <string>

#include "base/result.hpp"

namespace chassis::broker {

// No answer came before the deadline.
base::Error late();
// Asks for another try after a second.
base::Error unavailable(const std::string& what);
// The stream's newest message is not the one that was to come before.
base::Error out_of_turn();
// Of a quiet message: the answer to the next one does not prove that it is stored.
base::Error unproven();
// For whoever still waits when a Broker goes away.
base::Error closing();
// For who fetches from a subscription that was stopped.
base::Error ended();

}  // namespace chassis::broker
