#include "services/chassis/host/io_threads.hpp"

#include "services/chassis/host/crash.hpp"

namespace chassis {

IoThreads::IoThreads(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    // Not a concurrency hint of "unsafe": other threads post completions of database, gRPC and broker work here.
    contexts_.push_back(std::make_unique<boost::asio::io_context>(1));
    guards_.emplace_back(contexts_.back()->get_executor());
  }
}

IoThreads::~IoThreads() { stop(); }

std::vector<boost::asio::io_context*> IoThreads::all() {
  std::vector<boost::asio::io_context*> list;
  for (auto& context : contexts_) list.push_back(context.get());
  return list;
}

std::vector<base::Executor> IoThreads::executors() {
  std::vector<base::Executor> list;
  for (auto& context : contexts_) list.push_back(context->get_executor());
  return list;
}

std::size_t IoThreads::index_of(const boost::asio::execution_context& context) const {
  for (std::size_t i = 0; i < contexts_.size(); ++i) {
    if (contexts_[i].get() == &context) return i;
  }
  return 0;
}

void IoThreads::run() {
  for (std::size_t i = 1; i < contexts_.size(); ++i) {
    threads_.emplace_back([this, i] {
      own_crash_stack();
      contexts_[i]->run();
    });
  }
  contexts_.front()->run();
}

void IoThreads::stop() {
  for (auto& context : contexts_) context->stop();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace chassis
