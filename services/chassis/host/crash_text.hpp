#pragma once
// Text put together without allocating, so that a signal handler may. What does not fit is left out. Internal to host.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace chassis::crash {

template <std::size_t Size>
class Text {
 public:
  Text& add(std::string_view text) {
    const auto size = std::min(text.size(), data_.size() - size_);
    std::copy_n(text.data(), size, data_.data() + size_);
    size_ += size;
    return *this;
  }
  Text& add_number(std::uint64_t number, unsigned base = 10) {
    std::array<char, 20> digits{};
    std::size_t at = digits.size();
    do {
      digits[--at] = "0123456789abcdef"[number % base];
      number /= base;
    } while (number != 0);
    return add({digits.data() + at, digits.size() - at});
  }
  Text& add_address(std::uint64_t address) { return add("0x").add_number(address, 16); }

  // Every `from` becomes `to`, which is not longer.
  void replace_all(std::string_view from, std::string_view to) {
    std::size_t kept = 0;
    for (std::size_t at = 0; at < size_;) {
      if (view().substr(at).starts_with(from)) {
        std::copy_n(to.data(), to.size(), data_.data() + kept);
        kept += to.size();
        at += from.size();
      } else {
        data_[kept++] = data_[at++];
      }
    }
    size_ = kept;
  }
  // Control characters become spaces, so that it is one line.
  void blank_controls() {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    std::replace_if(data_.data(), data_.data() + size_, is_control, ' ');
  }
  void cut(std::size_t size) { size_ = std::min(size, size_); }
  std::string_view view() const { return {data_.data(), size_}; }

 private:
  std::array<char, Size> data_{};
  std::size_t size_ = 0;
};

// Writes all of it to standard error.
void write_error(std::string_view text);

}  // namespace chassis::crash
