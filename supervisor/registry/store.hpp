#pragma once
// What the registry keeps on disk: the token for changes, and who registered themselves.

#include <filesystem>

#include "base/random.hpp"
#include "base/result.hpp"
#include "supervisor/registry/catalog.hpp"

namespace registry {

// The token in that file, which is made with rights 0600 when it is missing, odd, or was open to others.
// Errors: permission, internal.
base::Result<std::string> take_token(const std::filesystem::path& file, base::Random& random);

// Of the catalog what must outlive the supervisor, as JSON: who registered themselves, with checks and maintenance, and
// the port of the API.
std::string to_book(const Catalog& catalog, std::uint16_t port);

// Registers what a book says, TTLs starting anew. Instances that the supervisor runs stay unlisted until it puts them
// again or they report themselves. An unreadable book or entry is left out. Returns the port, or 0.
std::uint16_t from_book(const std::string& book, Catalog& catalog);

}  // namespace registry
