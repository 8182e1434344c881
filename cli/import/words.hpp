#pragma once
// Texts of other programs as ours. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

// The words of a command line with quotes and backslashes as a shell takes them, but without replacing anything.
// Nothing when a quote is not closed.
std::optional<std::vector<std::string>> split_words(std::string_view line);

// Whether only a shell gives the line its meaning: pipes, lists, redirections, variables, globs, outside of quotes.
bool needs_shell(std::string_view line);

// `text` so that no `${` in it is replaced by msctl.
std::string literal(std::string_view text);

// The nearest DNS label; "service" when nothing is left.
std::string label(std::string_view text);

// 90 for "1m30s", in ms; "1.5s", "500ms" and plain seconds as well. Nothing when it is no duration.
std::optional<std::int64_t> duration_ms(std::string_view text);

}  // namespace cli
