#pragma once
// Real processes behind keepers: the supervisor's side of them. The io_context's thread.

#include <functional>
#include <map>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "supervisor/keeper/message.hpp"
#include "supervisor/keeper/nursery.hpp"
#include "supervisor/ports/process_host.hpp"

namespace keeper {

class KeeperHost final : public ports::ProcessHost {
 public:
  // `folder` is where the keepers' sockets are, a private one; `state` tells this cluster's processes from others.
  KeeperHost(boost::asio::io_context& io, Nursery nursery, std::filesystem::path folder, std::filesystem::path state);
  ~KeeperHost() override;

  // Connects to the keepers that an earlier supervisor left; sockets of keepers that are gone are removed. Blocks for
  // at most `timeout` for each.
  std::vector<ports::Found> find(std::chrono::milliseconds timeout);

  void listen(Listener& listener) override { listener_ = &listener; }
  void spawn(const ports::Slot& slot, const ports::SpawnSpec& spec) override;
  void terminate(const ports::Slot& slot) override;
  void kill(const ports::Slot& slot) override;
  void shoot(const ports::Slot& slot) override;
  void suspend(const ports::Slot& slot) override;
  void resume(const ports::Slot& slot) override;
  void remember(const ports::Slot& slot, const std::string& memo) override;
  void release(const ports::Slot& slot) override;

  // Waits, at most `timeout`, until the keepers that were released are gone, and ends the nursery.
  void close(std::chrono::milliseconds timeout);

 private:
  struct Keeper;

  base::Result<void> hatch(const ports::Slot& slot, const std::string& instance);
  base::Result<void> ask(const ports::Slot& slot, const ports::SpawnSpec& spec);
  base::Result<ports::Found> greet(const ports::Slot& slot, const std::filesystem::path& socket,
                                   std::chrono::milliseconds timeout);
  void attach(const ports::Slot& slot, posix::Descriptor control, pid_t pid, std::string instance);
  void await(Keeper& one);
  void read(Keeper& one);
  void take(Keeper& one, const Message& message);
  void lost(const ports::Slot& slot);
  void tell(const ports::Slot& slot, Kind kind, const std::vector<std::string>& parts = {});
  void later(std::function<void()> call);
  std::filesystem::path socket_of(const ports::Slot& slot) const;

  boost::asio::io_context& io_;
  Nursery nursery_;
  std::filesystem::path folder_;
  std::filesystem::path state_;
  Listener* listener_ = nullptr;
  std::map<ports::Slot, std::shared_ptr<Keeper>> keepers_;
  std::vector<posix::Descriptor> leaving_;  // pidfds of released keepers
};

}  // namespace keeper
