#pragma once
// What msctl-grpc's document of descriptors says, as far as contracts need it. Pure.

#include <map>
#include <optional>
#include <string>

#include "base/json.hpp"

namespace contract {

class Descriptors {
 public:
  struct Method {
    std::string path;  // package.Service/Method
    std::string input;
    std::string output;
  };

  // The document is kept.
  explicit Descriptors(base::Json document);
  Descriptors(const Descriptors&) = delete;

  // `wanted` is package.Service/Method; without a package, as old plugins write it, the only service of that name.
  std::optional<Method> method(const std::string& wanted) const;

  // An example without the fields that its bytes did not have: the reader prints every field, and one without presence
  // that has its default was not said.
  base::Json only_said(const std::string& message, base::Json example) const;

 private:
  void index(const base::Json& holder);
  bool is_unsaid(const base::Json& field, const base::Json& value) const;

  base::Json document_;
  std::map<std::string, const base::Json*> messages_;
  std::map<std::string, std::string> first_values_;  // of enums, by full name
};

}  // namespace contract
