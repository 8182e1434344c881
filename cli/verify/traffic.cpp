#include "cli/verify/traffic.hpp"

namespace verify {

Traffic::Traffic(World& world, std::uint16_t port, std::function<base::http::Request()> make, int threads)
    : world_(world), port_(port), make_(std::move(make)) {
  add(threads);
}

void Traffic::add(int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { send_on(); });
}

void Traffic::send_on() {
  while (!over_) {
    const base::http::Request request = make_();
    const auto response = world_.http(port_, request, answer_timeout);
    if (response && response.value().status < 500) {
      ++answered_;
      continue;
    }
    if (!world_.may_go_on()) return;  // the check is over: no failure of the cluster
    note(request.method + " " + request.target + ": " +
         (response ? std::to_string(response.value().status) : response.error().message));
  }
}

void Traffic::note(const std::string& what) {
  const std::lock_guard lock(mutex_);
  ++failed_;
  if (first_failure_.empty()) first_failure_ = what;
}

Traffic::Count Traffic::stop() {
  over_ = true;
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  const std::lock_guard lock(mutex_);
  return {answered_, failed_, first_failure_};
}

}  // namespace verify
