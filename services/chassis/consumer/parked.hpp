#pragma once
// Where events go that a service cannot handle, and from where they come again: one stream for all, SERVICE-PARKED.
// Parked is what failed or what nobody can read, quarantined what is of a newer version than the service knows.
// `msctl dlq` reads it and puts messages back. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "services/chassis/broker/broker.hpp"

namespace chassis::consumer {

inline constexpr std::string_view parked_reason = "Parked-Reason";
inline constexpr std::string_view parked_subject = "Parked-Subject";    // where it came from at first
inline constexpr std::string_view parked_attempts = "Parked-Attempts";  // since it came or was replayed
inline constexpr std::string_view parked_time = "Parked-Time";
inline constexpr std::string_view parked_size = "Parked-Size";    // of the whole body, when only its beginning was kept
inline constexpr std::string_view replay_mark = "Parked-Replay";  // different for each replay

enum class Aside : std::uint8_t { parked, quarantined };

// Its subjects are put right in a stream that was made before there were quarantined events.
broker::Stream parked_stream(const std::string& service);
// mail-service.parked.order.placed, mail-service.quarantined.order.placed
std::string subject_of(Aside aside, const std::string& service, const std::string& type);
// mail-service.replay.order.placed: what is published there is handled by that service alone.
std::string subject_of_replay(const std::string& service, const std::string& type);

// The copy that is put aside under `subject`; headers of the original, but for the broker's own, stay.
broker::Message copy_aside(const broker::Message& original, std::string subject, const std::string& reason, int attempt,
                           const std::string& time);

// Of a message so large that the copy with its headers is too large for the broker: the beginning of its body. The
// whole is where it came from, in the publisher's stream.
void keep_beginning(broker::Message& copy);

}  // namespace chassis::consumer
