#pragma once
// Pact files: read in the forms of specification 1 to 4, written in 3 or 4, merged. Pure: no file system. Inputs are
// hostile: size, depth and the number of interactions are bounded. Reading is strict on what we know (a wrong type is
// an error that names file, interaction and JSON path) and tolerant on what we do not: unknown keys are kept.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/pact/model.hpp"

namespace base::pact {

inline constexpr std::size_t max_file_bytes = 32u << 20;
inline constexpr std::size_t max_interactions = 10'000;

// `name` is what errors call the file. Errors: malformed or too_large; the message is for people ("gateway-user.json:
// interaction 2 (\"a user\"): $.interactions[1].request.method must be a text"), `fields` has the JSON path.
Result<Pact> read_pact(std::string_view text, const std::string& name);
// Its two steps, for who needs the document as well.
Result<Json> parse_pact(std::string_view text, const std::string& name);
Result<Pact> to_pact(const Json& document, const std::string& name);

// Two spaces, keys sorted, interactions by description and states, a newline at the end: the same pact gives the same
// bytes. Version 3 cannot hold synchronous messages, nor HTTP beside messages. Errors: invalid, saying so.
Result<std::string> write_pact(const Pact& pact, Version version = Version::v4);

// A message as version 4 has it, without rules and generators: {"contents": {"content", "contentType", …}, "metadata"}.
Json write_message(const Message& message);

// Adds the interaction. One with the same description and states is replaced when both have the same key or are equal
// in content. Errors: conflict, naming what differs: two tests say different things by the same name.
Result<void> merge(Pact& into, Interaction interaction);
// All of `from`. Errors: conflict; invalid when the pair is another one.
Result<void> merge(Pact& into, const Pact& from);

// A key made of kind, description and states; stable, 16 hexadecimal digits.
std::string make_key(const Interaction& interaction);

}  // namespace base::pact
