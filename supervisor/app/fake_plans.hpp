#pragma once
// Plans for tests, without files and folders.

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "supervisor/app/instance.hpp"

namespace app::testing {

// Plans without files. `edition` is what digests are made of.
class FakePlans final : public Plans {
 public:
  base::Result<ports::SpawnSpec> plan(const spec::Service& service) override {
    ports::SpawnSpec spawn;
    spawn.service = service.name;
    spawn.instance = service.instance;
    for (const auto& port : service.sockets) held.insert(service.name + "." + port);
    return spawn;
  }
  std::optional<ports::Question> precondition(const ports::SpawnSpec&, const spec::Service& service) override {
    if (service.source != spec::Source::image) return std::nullopt;
    ports::Question question;
    question.kind = spec::ProbeKind::exec;
    question.argv = {"engine", "info"};
    return question;
  }
  std::optional<ports::Question> aftermath(const ports::SpawnSpec&, const spec::Service& service) override {
    if (service.source != spec::Source::image) return std::nullopt;
    ports::Question question;
    question.kind = spec::ProbeKind::exec;
    question.argv = {"engine", "rm"};
    return question;
  }
  base::Result<std::string> resolve(const spec::Service&, const std::string& text) override { return text; }
  std::string digest(const spec::Service& service) override {
    return service.version + (service.command.empty() ? "" : service.command.back());
  }
  base::Result<void> number_ports(spec::Service& service) override {
    for (auto& [name, port] : service.ports) {
      if (port == 0) port = next_port++;
    }
    return base::success();
  }
  bool holds(const spec::Service& service, const std::string& port) override {
    return held.contains(service.name + "." + port);
  }
  base::Result<std::vector<MovedPort>> move_ports(const spec::Service& service) override {
    std::vector<MovedPort> moved;
    for (const auto& [name, port] : service.ports) moved.push_back({name, port, next_port++, -1});
    return moved;
  }
  void move_back(const spec::Service& /*service*/, const MovedPort& port) override { moved_back.push_back(port.name); }
  void drop_sockets(const spec::Service& service) override {
    std::erase_if(held, [&](const std::string& one) {
      const bool is_named = std::any_of(service.sockets.begin(), service.sockets.end(),
                                        [&](const std::string& port) { return one == service.name + "." + port; });
      return one.starts_with(service.name + ".") && !is_named;
    });
  }
  void close_sockets(const std::string& service) override { closed.insert(service); }
  void adopt_sockets(const std::string& service, std::vector<ports::HeldSocket> sockets) override {
    adopted[service] = sockets.size();
  }

  std::vector<std::string> moved_back;
  std::uint16_t next_port = 1000;
  std::set<std::string> held;  // SERVICE.PORT
  std::set<std::string> closed;
  std::map<std::string, std::size_t> adopted;
};

}  // namespace app::testing
