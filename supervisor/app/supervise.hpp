#pragma once
// The supervisor process: everything that app/ is made of, put together around one io_context and one thread.

#include <filesystem>

namespace app {

// Runs until a client asks for `down` or SIGTERM or SIGINT comes, and all services have stopped. Before that it writes
// one line to `ready_fd` and closes it: "ready", "locked" (another supervisor has this cluster) or "failed: why".
// Returns the exit code of the process: 0, or 1 after "locked" and "failed".
int supervise(const std::filesystem::path& cluster_file, int ready_fd);

// The hidden first argument that makes msctl a supervisor: `msctl __supervise FILE READY_FD`.
inline constexpr const char* supervise_verb = "__supervise";

// supervise() with the arguments of main, when they ask for it; nothing else may.
bool asks_to_supervise(int argc, char** argv);
int supervise(int argc, char** argv);

}  // namespace app
