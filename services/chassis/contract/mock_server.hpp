#pragma once
// A contract's mock server over a real socket of the loopback, for consumers that run as a process of their own. A
// thread of its own from construction to destruction.

#include <cstdint>
#include <memory>

#include "base/http/server.hpp"

namespace chassis::contract {

class MockServer {
 public:
  // Port 0 takes a free one. Throws when the port is taken: a test cannot go on.
  explicit MockServer(base::http::Handler handler, std::uint16_t port = 0);
  ~MockServer();
  MockServer(const MockServer&) = delete;

  std::uint16_t port() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chassis::contract
