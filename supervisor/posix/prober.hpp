#pragma once
// Probes of every kind, nothing of which blocks. One per io_context, its thread; must outlive no answer that is still
// awaited: run or stop the io_context first.

#include <memory>
#include <set>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/task.hpp"
#include "supervisor/ports/prober.hpp"

namespace posix {

class Prober final : public ports::Prober {
 public:
  explicit Prober(boost::asio::io_context& io) : io_(io), resolver_(io) {}
  void ask(const ports::Question& question, OnAnswer callback) override;

 private:
  using Resolver = boost::asio::ip::basic_resolver<boost::asio::ip::tcp, base::Executor>;

  base::Task<> ask_over_network(ports::Question question, OnAnswer callback);
  base::Task<base::Result<std::string>> resolve(std::string host);

  boost::asio::io_context& io_;
  Resolver resolver_;  // its thread is only made for the first name
  std::set<std::string> resolving_;
};

}  // namespace posix
