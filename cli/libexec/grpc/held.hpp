#pragma once
// The listening socket that msctl-grpc was started with (sd_listen_fds(3)).

#include <optional>
#include <string>

#include "base/result.hpp"

namespace grpc_program {

// The descriptor named `grpc`, or the only one; nothing when there is none for this process. Takes the variables out of
// the environment. Errors: invalid.
base::Result<std::optional<int>> take_held_socket();

struct Bound {
  std::string address;
  int port = 0;
};
// Of a listening TCP socket, which becomes non-blocking and CLOEXEC. Errors: invalid, when it is none.
base::Result<Bound> adopt(int descriptor);

}  // namespace grpc_program
