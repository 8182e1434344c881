#pragma once
// The log of a running process: one JSON object a line on standard output, through spdlog. Every line is handed to the
// operating system before write() returns, so nothing is lost when the process ends, however it ends. Thread-safe.

#include <cstdio>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "services/chassis/log/log.hpp"

namespace chassis {

class JsonLog final : public Log {
 public:
  struct Options {
    std::string service;
    std::string instance;
    Level least = Level::info;  // lines below it are dropped
    std::FILE* out = stdout;    // lent
  };

  JsonLog(const base::Clock& clock, Options options);
  ~JsonLog() override;

  // A field whose name the line itself uses (time, level, service, instance, message) is written as `_name`.
  void write(Level level, std::string_view message, const base::Json& fields) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chassis
