#include "services/note/domain/note.hpp"

namespace note_service::domain {

std::vector<base::FieldError> check(const Note& note) {
  std::vector<base::FieldError> broken;
  if (note.text.empty()) broken.push_back({"text", "must not be empty"});
  return broken;
}

}  // namespace note_service::domain
