#pragma once
// Probes over loopback TCP. One per io_context, its thread; must outlive no answer that is still awaited: run or stop
// the io_context first.

#include <boost/asio/io_context.hpp>

#include "supervisor/ports/prober.hpp"

namespace posix {

class Prober final : public ports::Prober {
 public:
  explicit Prober(boost::asio::io_context& io) : io_(io) {}
  void ask(const ports::Question& question, OnAnswer callback) override;

 private:
  boost::asio::io_context& io_;
};

}  // namespace posix
