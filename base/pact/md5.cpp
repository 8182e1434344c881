#include "base/pact/md5.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace base::pact {
namespace {

constexpr std::array<unsigned, 16> shifts = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};

// RFC 1321 §3.4: floor(2^32 * |sin(i + 1)|)
std::uint32_t constant(unsigned i) {
  return static_cast<std::uint32_t>(std::floor(4294967296.0 * std::fabs(std::sin(static_cast<double>(i) + 1))));
}

void add_block(std::array<std::uint32_t, 4>& state, const unsigned char* block) {
  std::array<std::uint32_t, 16> words{};
  for (unsigned i = 0; i < 64; ++i) words[i / 4] |= static_cast<std::uint32_t>(block[i]) << (8 * (i % 4));
  auto [a, b, c, d] = state;
  for (unsigned i = 0; i < 64; ++i) {
    std::uint32_t mixed = 0;
    unsigned word = i;
    switch (i / 16) {
      case 0:
        mixed = (b & c) | (~b & d);
        break;
      case 1:
        mixed = (d & b) | (~d & c), word = (5 * i + 1) % 16;
        break;
      case 2:
        mixed = b ^ c ^ d, word = (3 * i + 5) % 16;
        break;
      default:
        mixed = c ^ (b | ~d), word = 7 * i % 16;
        break;
    }
    const auto next =
        b + std::rotl(a + mixed + constant(i) + words[word], static_cast<int>(shifts[i / 16 * 4 + i % 4]));
    a = d;
    d = c;
    c = b;
    b = next;
  }
  state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d};
}

}  // namespace

std::string md5_hex(std::string_view bytes) {
  std::string padded(bytes);
  padded += '\x80';
  while (padded.size() % 64 != 56) padded += '\0';
  for (unsigned i = 0; i < 8; ++i)
    padded += static_cast<char>((static_cast<std::uint64_t>(bytes.size()) * 8) >> (8 * i));
  std::array<std::uint32_t, 4> state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  for (std::size_t at = 0; at < padded.size(); at += 64) {
    add_block(state, reinterpret_cast<const unsigned char*>(padded.data()) + at);
  }
  std::string text;
  for (const auto word : state) {
    for (unsigned i = 0; i < 4; ++i) {
      const auto byte = (word >> (8 * i)) & 0xffU;
      text += "0123456789abcdef"[byte >> 4U];
      text += "0123456789abcdef"[byte & 15U];
    }
  }
  return text;
}

}  // namespace base::pact
