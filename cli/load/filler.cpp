#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "base/clock.hpp"
#include "base/http/message.hpp"
#include "cli/load/text.hpp"

namespace load {
namespace {

void append_escaped(std::string_view text, bool is_json, Escape escape, std::string& out) {
  switch (escape) {
    case Escape::none:
      out += text;
      return;
    case Escape::url:
      out += base::http::percent_encode(text);
      return;
    case Escape::header:
      for (const char c : text) {
        if (c != '\r' && c != '\n' && c != '\0') out += c;
      }
      return;
    case Escape::json_value:
      out += is_json ? std::string(text) : base::dump_json(base::Json(std::string(text)));
      return;
    case Escape::json_string: {
      const std::string quoted = base::dump_json(base::Json(std::string(text)));
      out += std::string_view(quoted).substr(1, quoted.size() - 2);
      return;
    }
  }
}

}  // namespace

Filler::Filler(const std::vector<DataSet>& data, std::string run, unsigned number, unsigned threads, std::uint64_t seed)
    : data_(data),
      run_(std::move(run)),
      threads_(threads),
      counter_(number + 1),
      iteration_(number),
      random_(seed * 7'368'787 + number),
      unique_((std::uint64_t{std::random_device()()} << 32) ^ std::random_device()()) {}

void Filler::begin(Frame& frame) {
  frame.iteration = iteration_;
  iteration_ += threads_;
  frame.rows.resize(data_.size());
  for (std::size_t i = 0; i < data_.size(); ++i) {
    const std::size_t count = std::max<std::size_t>(data_[i].rows.size(), 1);
    frame.rows[i] = (data_[i].order == DataSet::Order::random ? random_() : frame.iteration) % count;
  }
}

void Filler::append(const Text& text, const Frame& frame, std::string& out) {
  for (const auto& part : text.parts) {
    if (part.source == Source::literal) {
      out += part.text;
    } else {
      append(part, frame, out);
    }
  }
}

// Version 4 of RFC 9562: random but for version and variant.
void Filler::append_uuid() {
  static constexpr const char* digits = "0123456789abcdef";
  const std::array<std::uint64_t, 2> bits{(unique_() & ~0xF000ULL) | 0x4000ULL,
                                          (unique_() & ~(3ULL << 62)) | (2ULL << 62)};
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) scratch_ += '-';
    scratch_ += digits[(bits[static_cast<std::size_t>(i / 16)] >> (60 - 4 * (i % 16))) & 15];
  }
}

void Filler::append(const Part& part, const Frame& frame, std::string& out) {
  using std::chrono::milliseconds;
  const auto wall = [] { return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now()); };
  bool is_json = true;
  scratch_.clear();
  switch (part.source) {
    case Source::literal:
      break;
    case Source::slot: {
      const Value& value = frame.slots[part.index];
      return append_escaped(value.text, value.is_json, part.escape, out);
    }
    case Source::column: {
      const Value& value = data_[part.index].rows[frame.rows[part.index]][part.column];
      return append_escaped(value.text, value.is_json, part.escape, out);
    }
    case Source::uuid:
      append_uuid();
      is_json = false;
      break;
    case Source::counter:
      scratch_ = std::to_string(counter_);
      counter_ += threads_;
      break;
    case Source::random: {
      const auto range = static_cast<std::uint64_t>(part.high) - static_cast<std::uint64_t>(part.low);
      const std::uint64_t step = range == ~std::uint64_t{0} ? random_() : random_() % (range + 1);
      scratch_ = std::to_string(static_cast<std::int64_t>(static_cast<std::uint64_t>(part.low) + step));
      break;
    }
    case Source::letters:
      for (std::int64_t i = 0; i < part.low; ++i) scratch_ += static_cast<char>('a' + random_() % 26);
      is_json = false;
      break;
    case Source::now:
      scratch_ = base::to_rfc3339(wall());
      is_json = false;
      break;
    case Source::now_ms:
      scratch_ = std::to_string(wall().time_since_epoch().count());
      break;
    case Source::iteration:
      scratch_ = std::to_string(frame.iteration);
      break;
    case Source::run:
      scratch_ = run_;
      is_json = false;
      break;
  }
  append_escaped(scratch_, is_json, part.escape, out);
}

}  // namespace load
