#pragma once
// Reads an index block by block, so that its size does not matter. Records are in the order of their bytes but for
// neighbours that two writers wrote at the same moment, and damaged ones may lie in between. One thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "supervisor/logs/record.hpp"

namespace logs {

class Index {
 public:
  // How far a record may be from where its offset would put it.
  static constexpr std::size_t disorder = 16;

  Index() = default;
  Index(const Index&) = delete;
  ~Index();

  // False when there is no such file.
  bool open(const std::string& path);
  void close();
  // Looks how many records there are now. False when it was cut or emptied.
  bool look();
  bool exists() const { return fd_ >= 0; }
  std::size_t count() const { return count_; }
  // A damaged record, and one past the end, is one of length 0.
  Record at(std::size_t number);
  // Before the first one that ends after `offset`, or comes at or after that time: at most 2 * disorder before.
  std::size_t before_offset(std::uint64_t offset);
  std::size_t before_time(std::int64_t time_us);

 private:
  template <class Less>
  std::size_t before(Less less);

  int fd_ = -1;
  std::size_t count_ = 0;
  std::array<Record, 512> block_;
  std::size_t block_begin_ = 0;
  std::size_t block_size_ = 0;
};

}  // namespace logs
