#pragma once
// The instance book as a JSON file. Start times of processes count only in the boot of the machine that wrote them. One
// thread.

#include <filesystem>

#include "supervisor/ports/instance_book.hpp"

namespace posix {

class InstanceBook final : public ports::InstanceBook {
 public:
  explicit InstanceBook(std::filesystem::path file) : file_(std::move(file)) {}
  base::Result<void> write(const ports::Book& book) override;
  // The folder is not ours any more: from here on nothing is written.
  void close() { file_.clear(); }
  // Empty when there is none, or none that can be read.
  ports::Book read() const;

 private:
  std::filesystem::path file_;
};

}  // namespace posix
