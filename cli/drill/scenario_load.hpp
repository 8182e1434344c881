#pragma once
// A scenario of `msctl load` as the load of a drill: msctl-load sends and keeps a journal of every answer, which is
// read while it grows. Afterwards what was captured from an answer is asked for again.

#include <atomic>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/http/client.hpp"
#include "base/json.hpp"
#include "cli/drill/load.hpp"
#include "cli/drill/witness.hpp"

namespace drill {

struct ScenarioOptions {
  base::Json document;                 // of load::make_scenario, with addresses
  double rate = 0;                     // iterations a second
  Ms at_most{0};                       // how long the load may have to last
  std::filesystem::path journal;       // a new file; removed at the end
  base::http::Target door;             // for reading back
  std::vector<std::string> read_back;  // "/api/v1/orders/${order}": must be there for each answer that captured `order`
  std::optional<Stream> stream;        // whose durable consumers must catch up
};

class ScenarioLoad final : public Load {
 public:
  explicit ScenarioLoad(ScenarioOptions options);
  ~ScenarioLoad() override;
  ScenarioLoad(const ScenarioLoad&) = delete;

  base::Result<void> prepare() override { return base::success(); }
  void start() override;
  void stop() override;
  void enter(int phase) override;
  std::vector<Attempt> attempts(std::int64_t from_us) const override;
  std::string problem() const override;
  std::string text() const override;
  base::Result<Evidence> look(const std::string& since, Ms within, const std::function<bool()>& stopped) const override;

 private:
  struct Entry {
    Attempt attempt;
    std::vector<std::string> paths;  // to be read back
  };

  void run();
  void read_journal();
  void take(const base::Json& line);

  ScenarioOptions options_;
  std::int64_t wall_offset_us_ = 0;  // from since-1970 to since-made
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;  // of all below
  std::ifstream journal_;
  std::string rest_;
  std::vector<Entry> entries_;
  std::vector<std::pair<std::int64_t, int>> phases_;  // from when on which fault
  std::string problem_;
};

// A path with the values put in; none when one of its ${NAME} is not there. Values are percent-encoded.
std::optional<std::string> path_with(const std::string& path, const std::map<std::string, std::string>& values);

// Errors: malformed, unless it begins with a slash and has a ${NAME}.
base::Result<void> check_read_back(const std::string& path);

}  // namespace drill
