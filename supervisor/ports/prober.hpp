#pragma once
// Asks a service on 127.0.0.1 how it is. One thread; the answer comes through the callback, never from inside ask().

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "supervisor/spec/cluster.hpp"

namespace ports {

struct Question {
  std::uint16_t port = 0;
  std::string http_path;  // empty: only connect
  std::chrono::milliseconds timeout{1000};
  spec::ProbeKind kind = spec::ProbeKind::http;
};

struct Answer {
  bool ok = false;      // connected, and for HTTP a status of 200–299
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
