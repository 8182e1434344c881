#include "tests/bench/events/cost.hpp"

#include <filesystem>
#include <fstream>

namespace bench {

// Of the other process the kernel counts nanoseconds a thread (proc(5), schedstat).
double Meter::cpu_s() const {
  rusage own{};
  ::getrusage(RUSAGE_SELF, &own);
  double total = 0;
  for (const auto& time : {own.ru_utime, own.ru_stime}) {
    total += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  }
  std::error_code gone;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(other_) + "/task", gone)) {
    double ns = 0;
    std::ifstream(task.path() / "schedstat") >> ns;
    total += ns / 1e9;
  }
  return total;
}

}  // namespace bench
