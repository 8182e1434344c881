#include "cli/program/program.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

// Boost.Process of 1.81 forgets these two when it uses std::filesystem.
#include <boost/optional.hpp>
#include <boost/type_traits.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/readable_pipe.hpp>
#include <boost/process/v2/environment.hpp>
#include <boost/process/v2/posix/default_launcher.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/process/v2/start_dir.hpp>
#include <boost/process/v2/stdio.hpp>

namespace program {
namespace {

namespace asio = boost::asio;
namespace process = boost::process::v2;
using boost::system::error_code;

// The library's own process_environment does not link in 1.81.
class Variables {
 public:
  explicit Variables(const std::map<std::string, std::string>& added) {
    for (char** entry = ::environ; *entry != nullptr; ++entry) {
      const std::string text = *entry;
      if (!added.contains(text.substr(0, text.find('=')))) texts_.push_back(text);
    }
    for (const auto& [name, value] : added) texts_.push_back(name + "=" + value);
    for (const auto& text : texts_) pointers_.push_back(text.c_str());
    pointers_.push_back(nullptr);
  }
  Variables(const Variables&) = delete;

  error_code on_setup(process::posix::default_launcher& launcher, const std::filesystem::path& /*program*/,
                      const char* const* /*argv*/) const {
    launcher.env = pointers_.data();
    return {};
  }

 private:
  std::vector<std::string> texts_;
  std::vector<const char*> pointers_;
};

class Input {
 public:
  explicit Input(const std::string& text) : file_(::memfd_create("input", MFD_CLOEXEC)) {
    std::size_t done = 0;
    while (file_ >= 0 && done < text.size()) {
      const ssize_t count = ::write(file_, text.data() + done, text.size() - done);
      if (count <= 0) break;
      done += static_cast<std::size_t>(count);
    }
    if (file_ >= 0) ::lseek(file_, 0, SEEK_SET);
  }
  Input(const Input&) = delete;
  ~Input() {
    if (file_ >= 0) ::close(file_);
  }
  int descriptor() const { return file_; }

 private:
  int file_;
};

void read_all(asio::readable_pipe& pipe, std::string& into) {
  asio::async_read(pipe, asio::dynamic_buffer(into), [](error_code, std::size_t) {});
}

}  // namespace

base::Result<Output> ask(const std::vector<std::string>& argv, const Options& options) {
  const std::string& name = argv.at(0);
  const std::string path =
      name.find('/') != std::string::npos ? name : process::environment::find_executable(name).string();
  std::error_code missing;
  if (path.empty() || !std::filesystem::exists(path, missing)) {
    return base::fail(base::ErrorCode::not_found, "the program " + name + " is not there; install it");
  }
  asio::io_context context;
  asio::readable_pipe out(context);
  asio::readable_pipe err(context);
  // As a file: a pipe would raise SIGPIPE when the program does not read all of it.
  const Input in(options.input);
  const std::string folder = options.folder.empty() ? std::string(".") : options.folder.string();
  Variables variables(options.added);
  try {
    process::process child(context.get_executor(), path, std::vector<std::string>(argv.begin() + 1, argv.end()),
                           process::process_stdio{in.descriptor(), out, err}, process::process_start_dir(folder),
                           variables);
    Output result;
    read_all(out, result.out);
    read_all(err, result.err);
    context.run();
    error_code waited;
    child.wait(waited);
    const int status = child.native_exit_code();
    result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return result;
  } catch (const boost::system::system_error& error) {
    return base::fail(base::ErrorCode::internal, "cannot run " + name + ": " + error.code().message());
  }
}

}  // namespace program
