#pragma once
// What a note is. Pure.

#include <string>
#include <vector>

#include "base/error.hpp"

namespace note_service::domain {

struct Note {
  std::string id;
  std::string text;
};

// Every rule that is broken, by field.
std::vector<base::FieldError> check(const Note& note);

}  // namespace note_service::domain
