#pragma once
// What lies in the broker's streams, asked through the program msctl-broker (cli/libexec/broker). Blocking.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/program/program.hpp"
#include "supervisor/spec/cluster.hpp"

namespace streams {

// Where the broker of a running cluster is: nats://127.0.0.1:4222. Errors: not_found, when it names none.
base::Result<std::string> url_of(const spec::Cluster& cluster);

// What msctl-broker said, one JSON value a line. Errors: unavailable, with its sentence.
base::Result<std::vector<base::Json>> lines_of(const program::Output& output);

// Runs it. Errors: those of lines_of(), not_found without the program.
base::Result<std::vector<base::Json>> ask(const std::string& url, const std::vector<std::string>& words,
                                          const std::string& input = {});

// A message of a stream.
struct Stored {
  std::uint64_t sequence = 0;
  std::string time;
  std::string subject;
  std::string id;                              // by which the broker drops repetitions
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  bool is_text = true;  // the body
  base::Json event;     // null when the body is no JSON object
};

// One line of `msctl-broker read`.
Stored stored(const base::Json& line);

}  // namespace streams
