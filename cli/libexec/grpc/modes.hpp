#pragma once
// The modes of msctl-grpc, as README.md beside this file describes them.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/libexec/proto/schema.hpp"

namespace grpc_program {

struct Options {
  std::string mode;
  std::string set_file;
  std::string set_out;
  bool with_imports = false;
  proto::Sources sources = {};
  std::string listen;  // ADDRESS:PORT
  int held = -1;       // descriptor of a listening socket
  int answer_timeout_ms = 30'000;
};

// Errors: invalid.
base::Result<Options> read_options(const std::vector<std::string>& arguments);

// The descriptors that the command line names; null when it names none.
base::Result<std::shared_ptr<const proto::Schema>> schema_of(const Options& options);

// Exit codes.
int run(const std::vector<std::string>& arguments);
int run_session(const Options& options);
int run_server(const Options& options);

}  // namespace grpc_program
