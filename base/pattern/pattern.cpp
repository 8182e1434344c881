#include "base/pattern/pattern.hpp"

#include <array>

#include <re2/re2.h>

namespace base {
namespace {

constexpr std::int64_t max_program_bytes = 1 << 20;  // `(.{1000}){1000}` is refused

}  // namespace

Result<Pattern> Pattern::make(const std::string& text) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(max_program_bytes);
  auto compiled = std::make_shared<const re2::RE2>(text, options);
  if (!compiled->ok()) return fail(ErrorCode::malformed, "not a regular expression: " + compiled->error());
  return Pattern(std::move(compiled));
}

bool Pattern::found_in(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *compiled_);
}

std::optional<std::string_view> Pattern::first_in(std::string_view text) const {
  std::array<re2::StringPiece, 2> found;
  const int wanted = compiled_->NumberOfCapturingGroups() > 0 ? 2 : 1;
  if (!compiled_->Match({text.data(), text.size()}, 0, text.size(), re2::RE2::UNANCHORED, found.data(), wanted)) {
    return std::nullopt;
  }
  const auto& piece = found[static_cast<std::size_t>(wanted - 1)];
  return std::string_view(piece.data() == nullptr ? "" : piece.data(), piece.size());
}

}  // namespace base
