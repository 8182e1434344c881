#pragma once
// The load of a drill on a system that takes orders as the reference system does: so many orders a second, each due at
// a fixed time whatever became of the ones before it, and one sign-up a second. A thread of its own; all but the
// constructor may be called from another one.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "base/http/client.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "base/timer.hpp"
#include "cli/drill/attempt.hpp"
#include "cli/drill/plan.hpp"

namespace drill {

inline constexpr std::size_t most_in_flight = 2'000;  // one more counts as refused, and is not sent

struct LoadOptions {
  base::http::Target door;  // where the public API is
  double rate = 50;         // orders a second
  Ms timeout{5'000};        // of one request; then it counts as refused
  std::string run;          // letters and digits: part of every key, so that runs do not mix
};

class Load {
 public:
  explicit Load(LoadOptions options);
  ~Load();
  Load(const Load&) = delete;

  // Makes the users that order. Blocks. Errors: unavailable, with what the door answered.
  base::Result<void> prepare();
  void start();
  // No more requests; returns when the last one was answered or has timed out.
  void stop();
  // What is due from now on belongs to the fault of that number.
  void enter(int phase) { phase_ = phase; }

  // Since the load was made.
  std::int64_t now_us() const;
  // In the order in which they were due.
  std::vector<Attempt> attempts() const;
  const std::vector<std::string>& users() const { return users_; }
  const LoadOptions& options() const { return options_; }

 private:
  base::Task<> pace(What what, double rate);
  base::Task<> send(std::size_t index, base::http::Request request);
  base::http::Request request_for(const Attempt& attempt) const;
  std::size_t note(What what, std::int64_t due_us);
  void finish(std::size_t index, const base::Result<base::http::Response>& answer);

  LoadOptions options_;
  std::chrono::steady_clock::time_point began_;
  std::vector<std::string> users_;
  boost::asio::io_context io_{1};
  base::http::Client client_;
  mutable std::mutex mutex_;
  std::vector<Attempt> attempts_;
  std::size_t in_flight_ = 0;
  std::atomic<int> phase_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

// What an order of that key holds: a function of the key, so that what is read back can be compared.
base::Json items_of(const std::string& key);

}  // namespace drill
