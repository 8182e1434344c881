#include "services/chassis/db/postgres/errors.hpp"

#include <algorithm>
#include <array>

#include "services/chassis/db/job_queue.hpp"

namespace chassis::db {
namespace {

using base::ErrorCode;

bool is_one_of(std::string_view what, std::initializer_list<std::string_view> those) {
  return std::find(those.begin(), those.end(), what) != those.end();
}

// Classes whose primary message speaks of tables, columns, constraints, roles and the server. Others, such as class 22,
// quote what they could not read.
bool is_free_of_values(std::string_view state) {
  return is_one_of(state.substr(0, 2), {"08", "0A", "23", "25", "28", "3D", "40", "42", "53", "55", "57", "58"});
}

std::string first_line(std::string_view message) {
  for (const std::string_view severity : {"ERROR:", "FATAL:", "PANIC:"}) {
    if (message.starts_with(severity)) message.remove_prefix(severity.size());
  }
  message.remove_prefix(std::min(message.find_first_not_of(' '), message.size()));
  return std::string(message.substr(0, message.find('\n')));
}

}  // namespace

ServerError translate_error(const std::string& sqlstate, const std::string& message) {
  const std::string_view state = sqlstate;
  const auto group = state.substr(0, 2);
  const std::string text =
      "database: " +
      (is_free_of_values(state) ? first_line(message) : "the statement failed (SQLSTATE " + sqlstate + ")");

  if (is_one_of(state, {"40001", "40P01"})) return {try_later(text), true};
  if (group == "23") return {base::fail(ErrorCode::conflict, text)};
  if (state == "57014") return {base::fail(ErrorCode::timeout, "database: the deadline passed while a statement ran")};
  // A NUL or a byte sequence that is not UTF-8.
  if (state == "22021") return {base::fail(ErrorCode::invalid, "database: text must be UTF-8 without NUL characters")};
  // 3D and 28: the database or the role is not there, perhaps not yet.
  // 25006: a standby, after a failover that this side has not noticed.
  if (state == "25006" || is_one_of(group, {"08", "28", "53", "55", "57", "58", "3D"})) return {try_later(text)};
  return {base::fail(ErrorCode::internal, text)};
}

}  // namespace chassis::db
