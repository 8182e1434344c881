#pragma once
// The running cluster as checks see it: HTTP and gRPC on 127.0.0.1, the supervisor's socket, log files, /proc, other
// programs. See World for threads and errors.

#include <atomic>
#include <functional>
#include <optional>

#include "cli/files/temporary_folder.hpp"
#include "cli/verify/world.hpp"
#include "supervisor/control/client.hpp"

namespace verify {

class SystemWorld final : public World {
 public:
  struct Place {
    spec::Cluster cluster;  // with the ports that the supervisor chose
    spec::LoadOptions chosen;
    control::Client supervisor;
    std::function<bool(std::string_view)> has_verb;
  };

  // `interrupted` is lent; once true, calls fail with cancelled.
  SystemWorld(Place place, const std::atomic<bool>& interrupted);
  ~SystemWorld() override { end(); }

  // One check's time begins; end() removes its scratch folder.
  void begin(Ms limit);
  void end();

  const spec::Cluster& cluster() const override { return place_.cluster; }
  const spec::LoadOptions& chosen() const override { return place_.chosen; }
  const base::Clock& clock() const override { return clock_; }
  base::Random& random() override { return random_; }
  void pause(Ms time) override;
  base::Result<void> may_go_on() const override;
  void shield(bool on) override { shields_ += on ? 1 : -1; }
  base::Result<base::http::Response> http(std::uint16_t port, base::http::Request request, Ms timeout) override;
  std::string grpc_health(std::uint16_t port, const std::string& service) override;
  base::Result<std::vector<control::ServiceView>> instances() override;
  base::Result<void> command(const std::string& service, const std::string& verb, const base::Json& body) override;
  std::string registry() override;
  base::Result<void> kill(int pid) override;
  base::Result<program::Output> run(const Ask& ask) override;
  std::string msctl() const override;
  bool has_verb(std::string_view verb) const override { return place_.has_verb(verb); }
  base::Result<std::string> helper(const std::string& name) const override;
  std::string log(const std::string& instance) const override;
  std::vector<std::filesystem::path> open_files(int pid) const override;
  base::Result<std::map<std::string, std::string>> environment(int pid) const override;
  base::Result<std::string> program_text(int pid) const override;
  base::Result<std::filesystem::path> scratch() override;

 private:
  Ms left(Ms wanted) const;

  Place place_;
  const std::atomic<bool>& interrupted_;
  std::atomic<int> shields_{0};
  base::SystemClock clock_;
  base::SystemRandom random_;
  base::Monotonic deadline_;
  std::optional<files::TemporaryFolder> scratch_;
};

}  // namespace verify
