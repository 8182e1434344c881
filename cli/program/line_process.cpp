#include "cli/program/line_process.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/child.hpp"

namespace program {
namespace {

constexpr std::size_t max_line = 32u << 20;

// Between fork and exec: nothing but system calls.
[[noreturn]] void become(const char* const* argv, int in, int out, int kept) {
  base::reset_signals();
  if (::dup2(in, STDIN_FILENO) < 0 || ::dup2(out, STDOUT_FILENO) < 0) ::_exit(126);
  if (kept >= 0) ::fcntl(kept, F_SETFD, 0);
  ::execv(argv[0], const_cast<char* const*>(argv));
  ::_exit(127);
}

}  // namespace

base::Result<LineProcess> LineProcess::start(const std::vector<std::string>& argv, int kept) {
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  // A socket, where writing to a program that is gone raises no SIGPIPE when it is asked not to.
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in.data()) != 0)
    return base::fail(base::ErrorCode::internal, "no pipe is to be had");
  if (::pipe2(out.data(), O_CLOEXEC) != 0) {
    ::close(in[0]);
    ::close(in[1]);
    return base::fail(base::ErrorCode::internal, "no pipe is to be had");
  }
  std::vector<const char*> words;
  for (const auto& word : argv) words.push_back(word.c_str());
  words.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) become(words.data(), in[0], out[1], kept);
  ::close(in[0]);
  ::close(out[1]);
  LineProcess made(pid, in[1], out[0]);
  if (pid < 0) return base::fail(base::ErrorCode::internal, "cannot start " + argv[0]);
  return made;
}

LineProcess::LineProcess(LineProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      in_(std::exchange(other.in_, -1)),
      out_(std::exchange(other.out_, -1)),
      buffer_(std::move(other.buffer_)) {}

LineProcess::~LineProcess() {
  close_input();
  if (out_ >= 0) ::close(out_);
  if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
}

void LineProcess::close_input() {
  if (in_ >= 0) ::close(std::exchange(in_, -1));
}

bool LineProcess::write(std::string_view line) {
  std::string whole(line);
  whole += '\n';
  for (std::size_t done = 0; done < whole.size();) {
    const auto count = ::send(in_, whole.data() + done, whole.size() - done, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
  }
  return true;
}

std::optional<std::string> LineProcess::read() {
  for (;;) {
    if (const auto end = buffer_.find('\n'); end != std::string::npos) {
      auto line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    std::array<char, 16384> piece{};
    const auto count = ::read(out_, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || buffer_.size() > max_line) return std::nullopt;
    buffer_.append(piece.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace program
