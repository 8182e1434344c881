#pragma once
// What a gate does to the connections that pass it. Plain values; pure.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gate {

// pass: nothing. delay: every round trip takes `delay` longer, half of it on each way. throttle: at most
// `bytes_per_second` each way. pieces: what was sent at once arrives in pieces of `piece` bytes with a pause between
// them. corrupt: of every `every` bytes one is turned over. blackhole: nothing gets through either way, nobody is told;
// what was sent meanwhile arrives afterwards, as after lost packets. hang: new connections are not taken, known ones
// go on. refuse: new connections are reset, known ones go on. reset: both are.
enum class Mode : std::uint8_t { pass, delay, throttle, pieces, corrupt, blackhole, hang, refuse, reset };

inline constexpr std::size_t mode_count = 9;
inline constexpr std::chrono::milliseconds piece_pause{1};

std::string_view name(Mode mode);
std::optional<Mode> mode_from(std::string_view name);

struct Rule {
  Mode mode = Mode::pass;
  std::string from;  // only for connections of that service; empty: for all
  std::chrono::milliseconds delay{0};
  std::int64_t bytes_per_second = 0;
  std::size_t piece = 0;
  std::size_t every = 0;
};

// Turns a byte of every `every` over; `position` is how many bytes went before, and grows.
void corrupt(std::string& bytes, std::size_t every, std::uint64_t& position);

}  // namespace gate
