#pragma once
// What an operator may have a running service do, by name: `outbox` and the like. JSON in, JSON out. Filled in before
// the first request; thread-safe afterwards, as far as the handlers are.

#include <functional>
#include <map>
#include <string>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace chassis {

class Operations {
 public:
  // The request is null when only the state of things is asked for.
  using Handler = std::function<base::Task<base::Result<base::Json>>(base::Json request)>;

  void add(std::string name, Handler handler) { handlers_.insert_or_assign(std::move(name), std::move(handler)); }
  // Null: there is no such operation.
  const Handler* find(const std::string& name) const {
    const auto found = handlers_.find(name);
    return found == handlers_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::string, Handler> handlers_;
};

}  // namespace chassis
