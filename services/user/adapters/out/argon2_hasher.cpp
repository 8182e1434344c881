#include "services/user/adapters/out/argon2_hasher.hpp"

#include <argon2.h>

#include <array>

namespace user_service::adapters {
namespace {

constexpr std::uint32_t memory_kib = 19 * 1024;
constexpr std::uint32_t passes = 2;
constexpr std::uint32_t lanes = 1;
constexpr std::size_t salt_bytes = 16;
constexpr std::size_t hash_bytes = 32;
constexpr std::size_t encoded_bytes = 256;

}  // namespace

base::Task<base::Result<std::string>> Argon2Hasher::hash(std::string password) {
  std::array<std::uint8_t, salt_bytes> salt{};
  random_.fill(salt);
  std::array<char, encoded_bytes> encoded{};
  int code = ARGON2_OK;
  // By reference: this coroutine's frame outlives the work it awaits.
  std::function<void()> work = [&] {
    code = argon2id_hash_encoded(passes, memory_kib, lanes, password.data(), password.size(), salt.data(), salt.size(),
                                 hash_bytes, encoded.data(), encoded.size());
  };
  co_await scheduler_.offload(std::move(work));
  if (code != ARGON2_OK) {
    co_return base::fail(base::ErrorCode::unavailable, std::string("hashing failed: ") + argon2_error_message(code));
  }
  co_return std::string(encoded.data());
}

}  // namespace user_service::adapters
