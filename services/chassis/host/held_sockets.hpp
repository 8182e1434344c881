#pragma once
// Listening sockets that whoever started the process has bound and keeps open (sd_listen_fds(3)): descriptors from 3
// on, LISTEN_FDS of them, meant for the process LISTEN_PID, named by LISTEN_FDNAMES. The next process takes over from
// this one on the same socket, so that no connection is refused in between.

#include <map>
#include <string>
#include <vector>

#include "base/http/server.hpp"
#include "base/result.hpp"

namespace chassis {

struct HeldSocket {
  std::string name;  // as LISTEN_FDNAMES has it, or empty
  base::http::Listener listener;
};

// Takes what the environment hands to this process and removes those variables from it. Nothing when they are absent or
// meant for another process. Before any thread is started. Errors: invalid, for a number or descriptor that is no good.
base::Result<std::vector<HeldSocket>> take_held_sockets();

// By name of port. A socket belongs to the port that it is named after, else to the one whose number it is bound to
// (systemd names sockets after their unit). A port 0 becomes the socket's. Errors: invalid, for a socket that belongs
// to no port or is bound to another number.
base::Result<std::map<std::string, base::http::Listener>> match_held_sockets(
    std::vector<HeldSocket> sockets, std::map<std::string, std::uint16_t>& ports);

}  // namespace chassis
