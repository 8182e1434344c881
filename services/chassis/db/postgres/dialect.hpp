#pragma once
// The SQL that serves SQLite and PostgreSQL, as PostgreSQL wants to read it. Pure functions; they know tokens (words,
// quotes, comments), not grammar. Internal to db/postgres.

#include <span>
#include <string>
#include <string_view>

#include "services/chassis/db/database.hpp"

namespace chassis::db {

struct Statement {
  std::string sql;          // with the types of its parameters: $1::int8
  std::size_t highest = 0;  // N of $N
  bool is_empty = true;     // nothing but spaces and comments
  bool only_selects = false;
};

// A number that is given as one is a number to PostgreSQL; the type of a text or NULL follows from where it stands.
Statement typed(std::string_view sql, std::span<const Value> parameters);

// Column types of a migration: INTEGER is 64 bits wide, and counts up by itself as PRIMARY KEY (with or without
// AUTOINCREMENT); REAL has 64 bits; BLOB is BYTEA. Everything else stays: `int4` remains an int4.
std::string translate_migration(std::string_view sql);

}  // namespace chassis::db
