#pragma once
// The supervisor process: everything that app/ is made of, put together around one io_context and one thread.

namespace app {

// The hidden first argument that makes msctl a supervisor: `msctl __supervise LAUNCH READY_FD`, with LAUNCH being
// spec::LoadOptions as JSON.
inline constexpr const char* supervise_verb = "__supervise";

// Runs until a client asks for `down` or SIGTERM or SIGINT comes, and all services have stopped. Before that it writes
// one line to READY_FD and closes it: "ready", "locked" (another supervisor has this cluster) or "failed: why".
// Returns the exit code of the process: 0, or 1 after "locked" and "failed".
bool asks_to_supervise(int argc, char** argv);
int supervise(int argc, char** argv);

}  // namespace app
