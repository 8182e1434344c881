#pragma once
// Metrics in the Prometheus text format, names after its conventions (base units, `_total`). Thread-safe; a handle is
// cheap to keep and valid for the Metrics' life.

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace chassis {

class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;

  // The same name and labels give the same series. `help` is taken from the first call of a name.
  void count(const std::string& name, const std::string& help, const Labels& labels, double by = 1);
  void gauge(const std::string& name, const std::string& help, const Labels& labels, double value);
  // Buckets for latencies in seconds: 0.5 ms to 10 s.
  void observe_seconds(const std::string& name, const std::string& help, const Labels& labels, double seconds);

  std::string serialize() const;  // Content-Type: text/plain; version=0.0.4

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chassis
