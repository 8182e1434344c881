#pragma once
// Asks a service how it is. One thread; the answer comes through the callback, never from inside ask().

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "supervisor/spec/cluster.hpp"

namespace ports {

// What a prober keeps between two questions of one log probe: how far it has read. Whoever asks makes one for each
// process and passes it along; its content is the prober's.
struct ProbeMemory {
  std::shared_ptr<void> kept;
};

// Of these, each kind reads what its comment names; all have a timeout. notify is nothing that can be asked.
struct Question {
  spec::ProbeKind kind = spec::ProbeKind::http;
  std::string host;        // http, tcp, grpc: IP address or name; empty: 127.0.0.1
  std::uint16_t port = 0;  // http, tcp, grpc
  std::string text;        // http: path; grpc: service asked for, empty: the server; log: regular expression
  std::chrono::milliseconds timeout{1000};
  std::vector<std::string> argv;  // exec: argv[0] is looked up as for a service
  std::vector<std::string> env;   // exec: NAME=value, the service's whole environment
  std::filesystem::path folder;   // exec
  std::filesystem::path log;      // log: a line that matches is looked for here
  std::uint64_t log_from = 0;     // log: from this byte on
  std::shared_ptr<ProbeMemory> memory;
};

struct Answer {
  bool ok = false;      // http: status 200–299; tcp: connected; grpc: SERVING; exec: exit code 0; log: a line matched
  int status = 0;       // HTTP status, 0 when there was none
  std::string body;     // HTTP body, at most max_answer_bytes
  std::string problem;  // one sentence when not ok
};

inline constexpr std::size_t max_answer_bytes = 64 * 1024;

class Prober {
 public:
  using OnAnswer = std::function<void(Answer)>;
  virtual ~Prober() = default;
  virtual void ask(const Question& question, OnAnswer callback) = 0;
};

}  // namespace ports
