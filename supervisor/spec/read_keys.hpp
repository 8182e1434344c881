#pragma once
// Reading keys that may be absent. Internal to spec; pure.

#include <map>
#include <string>

#include "base/json.hpp"
#include "supervisor/spec/cluster.hpp"

namespace spec {

inline const base::Json* key_of(const base::Json& object, const char* key) {
  const auto it = object.find(key);
  return it == object.end() ? nullptr : &*it;
}

// Overwrites the default only with what the file has.
template <class T>
void read_key(const base::Json& object, const char* key, T& into) {
  if (const base::Json* value = key_of(object, key)) value->get_to(into);
}

inline void read_key_ms(const base::Json& object, const char* key, Ms& into) {
  if (const base::Json* value = key_of(object, key)) into = Ms(value->get<Ms::rep>());
}

template <class T>
void read_key_map(const base::Json& object, const char* key, std::map<std::string, T>& into) {
  const base::Json* value = key_of(object, key);
  if (value == nullptr) return;
  for (const auto& [name, child] : value->items()) into[name] = child.template get<T>();
}

}  // namespace spec
