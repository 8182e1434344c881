#pragma once
// Generators: values of an example that are made anew each time, such as dates in the future, random ids or what a
// provider state returned. Deterministic: time and randomness are handed in. What is not known, a type or a category,
// is kept and written back, and refused when it is to be applied: another value than was meant would be sent.

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/pact/path.hpp"
#include "base/random.hpp"
#include "base/result.hpp"

namespace base::pact {

struct Generator {
  PathExpression path;  // in bodies
  std::string name;     // as written: path expression, or name of a header, parameter or metadata; empty: path, status
  Json written;         // {"type": "RandomInt", "min": 1, …}
};

struct Generators {
  std::vector<Generator> method, path, status, query, header, body, metadata;
  Json extra = Json::object();

  bool empty() const;
};

// What generators may ask for.
struct GenerateContext {
  base::Random& random;
  base::Wall now;
  // Who asks: a verifier (provider states have values, there is no mock server) or a mock server (the other way round).
  // A generator of the other side leaves the example as it is.
  bool verifying = false;
  Json state_values = Json::object();  // parameters of the provider states and what their set-up returned
  std::string mock_server_url = {};    // "http://127.0.0.1:8099", no slash at the end
};

Result<Generators> read_generators(const Json& written, const std::string& where);
Json write_generators(const Generators& generators, const std::string& body_name = "body");

// Errors: unsupported, naming the first type or category that is not known.
Result<void> check_known(const Generators& generators);

// One value; `example` is what stands in the file and gives the type where the generator leaves it open. Errors:
// unsupported for an unknown type; invalid with the reason (a date expression that cannot be read, a regex without
// finite words …).
Result<Json> generate(const Json& generator, const Json& example, const GenerateContext& context);

// The paths of body generators applied to a JSON document; a wildcard reaches every element.
Result<Json> generate_body(const std::vector<Generator>& generators, Json document, const GenerateContext& context);

// A text that matches the expression, for generators and for examples that are left out. Repetitions without an end
// stop at 10 more than their minimum. Errors: invalid where the expression has look-around or back references.
Result<std::string> text_for_regex(const std::string& expression, base::Random& random);

}  // namespace base::pact
