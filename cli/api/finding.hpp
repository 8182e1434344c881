#pragma once
// What a check of compatibility found. A plain value.

#include <string>
#include <vector>

namespace api {

struct Finding {
  std::string service;
  std::string rule;                      // as in rules.hpp
  std::string file;                      // as it is now, relative to the root; of what is gone, where it was
  int line = 0;                          // 0: of the whole file
  std::string subject;                   // `user.v1.User.email`, `GET /v1/users/{id}`
  std::string message;                   // one sentence: what changed
  std::vector<std::string> breaks = {};  // services that call this one, and whoever calls its public routes
};

}  // namespace api
