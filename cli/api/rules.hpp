#pragma once
// The rules of `msctl api check` by name: those of `buf breaking` for protobuf, and our own for REST, which begin with
// REST_. Pure.

#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace api {

struct Rule {
  const char* name;
  const char* categories;  // separated by spaces
  const char* purpose;
};

// In the order of the documentation.
const std::vector<Rule>& rules();

// What is checked when nobody says otherwise: what breaks a caller over gRPC or JSON, and what takes a call away.
const std::vector<std::string>& default_rules();

// The rules that these names of rules and categories stand for, without those of `except`. Old names of buf's are
// known as well. Errors: invalid, for an unknown name, with the nearest one.
base::Result<std::set<std::string>> choose(const std::vector<std::string>& use, const std::vector<std::string>& except);

}  // namespace api
