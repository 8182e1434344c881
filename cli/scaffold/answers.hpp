#pragma once
// What a template was asked and what it made of that, kept beside the files so that `update` can merge a later version
// of the template with what the user changed since. Pure.

#include <string>

#include "base/result.hpp"
#include "cli/files/files.hpp"
#include "cli/scaffold/variables.hpp"

namespace scaffold {

inline constexpr const char* answers_file = ".msctl-answers.json";

struct Answers {
  std::string name;  // of the service or the workspace
  std::string template_name;
  std::string version;   // of the template
  std::string from;      // Template::from
  std::string revision;  // Template::revision
  Values values;
  files::Tree base;  // the files as the template made them, by path from the workspace's root
};

std::string to_text(const Answers& answers);

// `file` is how messages name it. Errors: malformed; what is not a path below the root is refused.
base::Result<Answers> parse_answers(const std::string& text, const std::string& file);

}  // namespace scaffold
