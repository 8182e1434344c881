#include "supervisor/posix/launch.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/process/v2/environment.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/process/v2/start_dir.hpp>

#include "base/child.hpp"

namespace posix {
namespace {

namespace process = boost::process::v2;
using Launcher = process::posix::default_launcher;
using boost::system::error_code;

constexpr const char* sbin_folders = ":/usr/local/sbin:/usr/sbin:/sbin";

error_code last_error() { return {errno, boost::system::system_category()}; }

// Boost's own closing of descriptors skips those below its pipe, so all of 3 and above become close-on-exec here: that
// keeps the pipe through which a failed exec is reported, and nothing else outlives the exec.
struct ChildSetup {
  int log;

  template <class Path>
  error_code on_exec_setup(Launcher& /*launcher*/, const Path& /*program*/, const char* const* /*argv*/) const {
    if (::setsid() < 0) return last_error();
    base::reset_signals();
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) return last_error();
    if (::dup2(null, 0) < 0 || ::dup2(log, 1) < 0 || ::dup2(log, 2) < 0) return last_error();
    if (::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0) return last_error();
    return {};
  }

  // Both forms, because Boost 1.81 looks for the first and calls the second. The child is a copy of the supervisor: it
  // must not run the supervisor's exit handlers.
  template <class Path>
  void on_exec_error(Launcher&, error_code, const Path&, const char* const*, error_code) const {
    ::_exit(127);
  }
  template <class Path>
  void on_exec_error(Launcher&, const Path&, const char* const*, error_code) const {
    ::_exit(127);
  }
};

base::ErrorCode code_of(const error_code& error) {
  switch (error.value()) {
    case ENOENT:
    case ENOTDIR:
      return base::ErrorCode::not_found;
    case EACCES:
    case EPERM:
      return base::ErrorCode::permission;
    case EAGAIN:
    case ENOMEM:
      return base::ErrorCode::unavailable;
    default:
      return base::ErrorCode::internal;
  }
}

}  // namespace

base::Result<std::string> find_program(const std::string& name, const std::vector<std::string>& env) {
  if (name.find('/') != std::string::npos) return name;
  std::string path = "/usr/local/bin:/usr/bin:/bin";
  for (const auto& entry : env) {
    if (entry.starts_with("PATH=")) path = entry.substr(5);
  }
  path += sbin_folders;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find(':', start), path.size());
    const std::string candidate = path.substr(start, end - start) + "/" + name;
    if (end > start && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    start = end + 1;
  }
  return base::fail(base::ErrorCode::not_found, "no program `" + name + "` in PATH and sbin (" + path + ")");
}

base::Result<pid_t> launch(boost::asio::io_context& io, const ports::SpawnSpec& spec, int log) {
  TRY(const std::string program, find_program(spec.argv.at(0), spec.env));
  const std::vector<std::string> arguments(spec.argv.begin() + 1, spec.argv.end());
  std::vector<const char*> env;
  for (const auto& entry : spec.env) env.push_back(entry.c_str());
  env.push_back(nullptr);

  error_code error;
  Launcher launcher;
  launcher.env = env.data();
  // The folder comes last, so that a failure to enter it is the one that is reported with its own words below.
  auto child = launcher(io.get_executor(), error, program, arguments, ChildSetup{log},
                        process::process_start_dir(spec.folder.string()));
  if (error) {
    return base::fail(code_of(error), "cannot run " + program + " in " + spec.folder.string() + ": " + error.message());
  }
  const pid_t pid = child.id();
  child.detach();  // or its destructor would kill the process
  return pid;
}

}  // namespace posix
