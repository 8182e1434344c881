#pragma once
// Result<T>: a value or an Error, for whatever is expected to fail. [[nodiscard]]; asking for the wrong one is
// undefined in release and asserts in debug (Boost.Outcome's all_narrow policy). Use TRY in functions, CO_TRY in
// coroutines.

#include <utility>

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/policy/all_narrow.hpp>
#include <boost/outcome/try.hpp>

#include "base/error.hpp"

namespace base {

template <class T = void>
using Result = boost::outcome_v2::basic_result<T, Error, boost::outcome_v2::policy::all_narrow>;

using boost::outcome_v2::success;

// Makes an Error without fields; reads as `return fail(ErrorCode::not_found, "no such user")`.
inline Error fail(ErrorCode code, std::string message) { return Error{code, std::move(message)}; }

}  // namespace base

#define TRY(...) BOOST_OUTCOME_TRY(__VA_ARGS__)
#define CO_TRY(...) BOOST_OUTCOME_CO_TRY(__VA_ARGS__)
