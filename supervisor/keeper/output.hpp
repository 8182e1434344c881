#pragma once
// Standard output and error of an instance: two pipes, made once and kept over restarts, whose content goes to its log
// file. The writing end stays open here, so a process never gets SIGPIPE. One thread.

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "supervisor/logs/writer.hpp"
#include "supervisor/posix/file.hpp"

namespace keeper {

class Output {
 public:
  // The pipes with the first call; the log anew each time.
  base::Result<void> open(const std::string& log, std::int64_t max_bytes, std::int64_t files,
                          std::int64_t max_age_days);
  // Moves what the pipes hold now into the log.
  void pump(std::int64_t now_us);
  std::int64_t dropped() const;

  // To poll, -1 before the first open.
  int out() const { return out_.get(); }
  int err() const { return err_.get(); }
  // For the process.
  int out_end() const { return out_end_.get(); }
  int err_end() const { return err_end_.get(); }

 private:
  bool pump_one(const posix::Descriptor& pipe, logs::Stream stream, std::int64_t now_us);

  posix::Descriptor out_, err_, out_end_, err_end_;
  std::unique_ptr<logs::Writer> log_;
};

}  // namespace keeper
