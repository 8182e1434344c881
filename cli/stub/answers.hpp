#pragma once
// What a stub answers over HTTP: the interaction that fits best, with its generators applied. Thread-safe.

#include <functional>
#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "base/pact/stub.hpp"
#include "base/random.hpp"
#include "cli/stub/contracts.hpp"

namespace stub {

class Answers {
 public:
  // `log` gets one line for each request.
  Answers(const Contracts& contracts, const base::Clock& clock, base::Random& random, std::string url,
          std::function<void(const std::string&)> log);

  // Where no interaction fits: the paths of health checks are answered with 200, everything else with 500 and what was
  // nearest.
  base::http::Response answer(const base::http::Request& request) const;
  base::pact::GenerateContext context() const;

 private:
  base::pact::MatchOptions options_;
  std::vector<const base::pact::Interaction*> interactions_;
  const base::Clock& clock_;
  base::Random& random_;
  std::string url_;
  std::function<void(const std::string&)> log_;
};

}  // namespace stub
