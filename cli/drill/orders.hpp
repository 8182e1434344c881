#pragma once
// The load of a drill on a system that takes orders as the reference system does: so many orders a second, each due at
// a fixed time whatever became of the ones before it, and one sign-up a second. A thread of its own; all but the
// constructor may be called from another one.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "base/http/client.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "base/timer.hpp"
#include "cli/drill/attempt.hpp"
#include "cli/drill/load.hpp"
#include "cli/drill/witness.hpp"

namespace drill {

inline constexpr std::size_t most_in_flight = 2'000;  // one more counts as refused, and is not sent

struct OrdersOptions {
  base::http::Target door;  // where the public API is
  double rate = 50;         // orders a second
  Ms timeout{5'000};        // of one request; then it counts as refused
  std::string run;          // letters and digits: part of every key, so that runs do not mix
  std::optional<Stream> stream;
};

class Orders final : public Load {
 public:
  explicit Orders(OrdersOptions options);
  ~Orders() override;
  Orders(const Orders&) = delete;

  // Makes the users that order.
  base::Result<void> prepare() override;
  void start() override;
  void stop() override;
  void enter(int phase) override { phase_ = phase; }
  std::vector<Attempt> attempts(std::int64_t from_us) const override;
  std::string text() const override;
  base::Result<Evidence> look(const std::string& since, Ms within, const std::function<bool()>& stopped) const override;

 private:
  base::Task<> pace(What what, double rate);
  base::Task<> send(std::size_t index, base::http::Request request);
  base::http::Request request_for(const Attempt& attempt) const;
  std::size_t note(What what, std::int64_t due_us);
  void finish(std::size_t index, const base::Result<base::http::Response>& answer);

  OrdersOptions options_;
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

}  // namespace drill
