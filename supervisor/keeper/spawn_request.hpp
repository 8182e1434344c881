#pragma once
// What a keeper is told to start, as the parts of a Kind::spawn message, and what it says of itself in Kind::hello.
// Plain values.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace keeper {

struct SpawnRequest {
  std::string program;
  std::vector<std::string> argv;
  std::vector<std::string> env;
  std::string folder;
  std::string log;
  std::int64_t log_max_bytes = 0;
  std::int64_t log_files = 0;
  std::int64_t log_max_age_days = 0;
  std::vector<std::string> socket_names;  // one per descriptor of the message
  std::int64_t open_files = 0;
  std::int64_t memory_bytes = 0;
  std::int64_t millicpus = 0;
  std::string memo;  // the supervisor's own, given back in hello
};

struct Hello {
  std::int64_t keeper = 0;  // pid
  bool runs = false;
  bool terminating = false;  // it was asked to end
  bool ended = false;        // and nobody was there to be told: `status` is how
  std::int64_t pid = 0;
  std::int64_t start_time = 0;
  std::int64_t since_us = 0;  // wall clock at the start of the last process
  std::int64_t since_ns = 0;  // monotonic clock at the same time
  std::int64_t status = 0;
  std::string memo;
  std::vector<std::string> notified;  // the datagrams of this process that still say something
  std::vector<std::string> socket_names;
};

std::vector<std::string> parts_of(const SpawnRequest& request);
base::Result<SpawnRequest> spawn_request(const std::vector<std::string>& parts);
std::vector<std::string> parts_of(const Hello& hello);
base::Result<Hello> hello(const std::vector<std::string>& parts);

}  // namespace keeper
