#pragma once
// What a supervisor and its keepers tell each other: datagrams on a Unix SOCK_SEQPACKET, each a kind, a list of byte
// strings and perhaps descriptors. Not JSON, because arguments and environments are bytes, and because a keeper shall
// stay small. What does not fit into a datagram travels in a memfd. Plain functions; thread-safe.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "supervisor/posix/file.hpp"

namespace keeper {

enum class Kind : std::uint8_t {
  // to the nursery
  hatch = 1,  // [instance, socket path] + control end, listening socket: fork a keeper

  // to a keeper
  spawn,      // see spawn_request.hpp, + one descriptor per held socket
  terminate,  // SIGTERM and SIGCONT to the process and everything it started
  kill,       // SIGKILL to the same
  remember,   // [memo]
  release,    // end as soon as nothing runs any more

  // from a keeper
  hello,         // state.hpp, + the held sockets; the first message to a supervisor that was not there at the start
  spawned,       // [pid, start time, since µs, since monotonic ns, pid of the keeper]
  spawn_failed,  // [sentence]
  exited,        // [native wait status, dropped bytes of output]
  notified,      // [datagram of sd_notify]

  // to a keeper; behind the others, whose numbers keepers of an older msctl know
  suspend,  // SIGSTOP to the process and everything it started, until resume or until the supervisor is gone
  resume,   // SIGCONT to the same
};

struct Message {
  Kind kind{};
  std::vector<std::string> parts;
  std::vector<posix::Descriptor> descriptors;
};

inline constexpr std::size_t max_message_bytes = 16 << 20;
inline constexpr std::size_t max_descriptors = 32;

// `descriptors` are lent. Errors: unavailable when the other side is gone, conflict when it does not read (only without
// `wait`), internal.
base::Result<void> send(int socket, Kind kind, const std::vector<std::string>& parts,
                        const std::vector<int>& descriptors = {}, bool wait = true);

// Errors: unavailable when the other side is gone, conflict when there is nothing yet (the socket does not block),
// malformed.
base::Result<Message> receive(int socket);

// A list as one byte string and back; for lists within a message.
std::string pack(const std::vector<std::string>& parts);
bool unpack(std::string_view bytes, std::vector<std::string>& parts);

// Whole decimal numbers; 0 when it is none.
std::int64_t number(const std::string& text);

}  // namespace keeper
