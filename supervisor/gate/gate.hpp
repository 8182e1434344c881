#pragma once
// One gate: listens where callers look for a service, and passes each connection on to where the service really is,
// under rules that can change at any time. One thread, the io_context's.

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "supervisor/gate/link.hpp"

namespace gate {

// Whether the connection from `peer` to `front`, both ports on 127.0.0.1, is one of that service's processes.
using IsOf = std::function<bool(std::uint16_t peer, std::uint16_t front, const std::string& service)>;

class Gate : public std::enable_shared_from_this<Gate> {
 public:
  Gate(boost::asio::io_context& io, std::uint16_t front, std::uint16_t back, IsOf is_of);

  // Takes the listening socket over, or binds the front itself, trying again until it is free.
  void open(int listening_fd);
  // The last rule that fits a connection counts, for open ones as well.
  void use(std::vector<Rule> rules);
  // Takes no more connections; those that are there go on until either side ends them, or until cut().
  void close();
  void cut();
  bool is_open() const { return open_; }

 private:
  void bind();
  void accept();
  void admit(Socket caller);
  bool hangs() const;
  Rule rule_for(Link& link) const;
  Rule rule_for(std::uint16_t peer, std::optional<std::string>& known_as) const;

  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, base::Executor>;

  boost::asio::io_context& io_;
  std::uint16_t front_;
  std::uint16_t back_;
  IsOf is_of_;
  Acceptor acceptor_;
  base::Timer retry_;
  std::vector<Rule> rules_;
  std::set<std::shared_ptr<Link>> links_;
  bool open_ = false;
  bool closed_ = false;
  bool accepting_ = false;
};

}  // namespace gate
