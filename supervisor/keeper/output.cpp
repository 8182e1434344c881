#include "supervisor/keeper/output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace keeper {
namespace {

// A burst fits into the pipe while the log is synced or rotated. Refused by the kernel to users who have many pipes.
constexpr int pipe_bytes = 256 * 1024;
constexpr int rounds = 64;  // per pump: a process that writes without end must not keep us from all else

base::Result<void> make_pipe(posix::Descriptor& reading, posix::Descriptor& writing) {
  if (reading) return base::success();
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return base::fail(base::ErrorCode::unavailable, std::string("no pipe for the output: ") + std::strerror(errno));
  }
  reading = posix::Descriptor(ends[0]);
  writing = posix::Descriptor(ends[1]);
  ::fcntl(reading.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(reading.get(), F_SETPIPE_SZ, pipe_bytes);
  return base::success();
}

}  // namespace

base::Result<void> Output::open(const std::string& log, std::int64_t max_bytes, std::int64_t files,
                                std::int64_t max_age_days) {
  TRY(make_pipe(out_, out_end_));
  TRY(make_pipe(err_, err_end_));
  logs::Settings settings;
  settings.max_bytes = max_bytes;
  settings.files = static_cast<int>(files);
  settings.max_age_days = static_cast<int>(max_age_days);
  TRY(auto writer, logs::Writer::open(log, settings));
  log_ = std::make_unique<logs::Writer>(std::move(writer));
  return base::success();
}

void Output::pump(std::int64_t now_us) {
  for (int round = 0; round < rounds; ++round) {
    const bool out = pump_one(out_, logs::Stream::out, now_us);
    const bool err = pump_one(err_, logs::Stream::err, now_us);
    if (!out && !err) return;
  }
}

bool Output::pump_one(const posix::Descriptor& pipe, logs::Stream stream, std::int64_t now_us) {
  if (!pipe || !log_) return false;
  std::array<char, 64 * 1024> block;
  const ssize_t got = ::read(pipe.get(), block.data(), block.size());
  if (got <= 0) return false;
  log_->write(stream, std::string_view(block.data(), static_cast<std::size_t>(got)), now_us);
  return true;
}

std::int64_t Output::dropped() const { return log_ ? static_cast<std::int64_t>(log_->lost()) : 0; }

}  // namespace keeper
