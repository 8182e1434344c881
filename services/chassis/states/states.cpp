#include "services/chassis/states/states.hpp"

namespace chassis {

States& States::on(std::string name, Change setup, Change teardown) {
  states_[std::move(name)] = {std::move(setup), std::move(teardown)};
  return *this;
}

std::vector<std::string> States::names() const {
  std::vector<std::string> names;
  names.reserve(states_.size());
  for (const auto& [name, state] : states_) names.push_back(name);
  return names;
}

base::Result<const States::State*> States::find(const std::string& name) const {
  if (const auto found = states_.find(name); found != states_.end()) return &found->second;
  std::string known;
  for (const auto& [other, state] : states_) known += (known.empty() ? "" : ", ") + ("\"" + other + "\"");
  return base::fail(base::ErrorCode::not_found,
                    "there is no such state; there " + (known.empty() ? "are none" : "are: " + known));
}

base::Task<base::Result<base::Json>> States::set_up(CallContext context, std::string name, base::Json params) const {
  CO_TRY(const auto* state, find(name));
  co_return co_await state->setup(std::move(context), std::move(params));
}

base::Task<base::Result<base::Json>> States::tear_down(CallContext context, std::string name, base::Json params) const {
  CO_TRY(const auto* state, find(name));
  if (!state->teardown) co_return base::Json(base::Json::object());
  co_return co_await state->teardown(std::move(context), std::move(params));
}

base::Result<std::string> text_param(const base::Json& params, const std::string& key, std::string fallback) {
  const auto found = params.find(key);
  if (found == params.end()) return fallback;
  if (found->is_string()) return found->get<std::string>();
  return base::fail(base::ErrorCode::invalid,
                    "the state's parameter \"" + key + "\" must be a string, got " + found->type_name());
}

}  // namespace chassis
