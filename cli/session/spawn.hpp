#pragma once
// Programs that the command line itself starts. Blocking.

#include <sys/types.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/session/place.hpp"

namespace cli {

enum class Launched : unsigned char { fresh, already_there };

// Starts msctl again as the supervisor of the cluster: in a session of its own, with none of our descriptors, its
// output in logs/supervisor.log. Returns once it answers on its socket, or has said why it cannot.
// Errors: internal (with its reason), timeout.
base::Result<Launched> launch_supervisor(const Place& place);

// Lets any thread end what another one runs, also before it has begun. Once requested, it stays so.
class Cancel {
 public:
  Cancel();
  ~Cancel();
  Cancel(const Cancel&) = delete;

  void request();
  bool requested() const { return requested_; }
  // Readable from the request on.
  int descriptor() const { return event_; }

 private:
  std::atomic<bool> requested_{false};
  int event_;
};

// Runs argv in `folder` to its end, in a process group of its own, output to `log`, which is emptied first. When it is
// cancelled, the whole group gets SIGTERM, SIGKILL after 3 s, and nothing of it is left on return. Returns the native
// wait status. Errors: not_found (no such program).
base::Result<int> run_program(const std::vector<std::string>& argv, const std::filesystem::path& folder,
                              const std::filesystem::path& log, const Cancel& cancel);

// Replaces this process. Only returns when that fails.
base::Error replace_process(const std::vector<std::string>& argv, const std::vector<std::string>& extra_environment,
                            const std::filesystem::path& folder);

// Waits until a process that is not our child has ended; true when it has.
bool await_process_end(pid_t pid, std::chrono::milliseconds timeout);

}  // namespace cli
