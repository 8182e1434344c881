#include "cli/libexec/load/response_parser.hpp"

#include <algorithm>
#include <cstring>

#include "base/http/message.hpp"

namespace load {
namespace {

constexpr std::size_t max_line_bytes = 8 * 1024;
constexpr std::uint64_t max_length = std::uint64_t{1} << 60;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// Behind the empty line, or npos.
std::size_t end_of_head(std::string_view bytes) {
  std::size_t at = 0;
  while (true) {
    const void* found = std::memchr(bytes.data() + at, '\n', bytes.size() - at);
    if (found == nullptr) return std::string_view::npos;
    at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data()) + 1;
    if (at < bytes.size() && bytes[at] == '\n') return at + 1;
    if (at + 1 < bytes.size() && bytes[at] == '\r' && bytes[at + 1] == '\n') return at + 2;
    if (at >= bytes.size()) return std::string_view::npos;
  }
}

bool has_element(std::string_view list, std::string_view element) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (base::http::iequals(trimmed(list.substr(0, comma)), element)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

int hex(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

void ResponseParser::begin(bool is_head, bool keep) {
  state_ = State::head;
  is_head_ = is_head;
  keep_ = keep;
  begun_ = false;
  partial_.clear();
  if (keep) {
    head_.clear();
    body_.clear();
  }
}

void ResponseParser::fail(const char* why) {
  state_ = State::failed;
  why_ = why;
}

std::size_t ResponseParser::feed(std::string_view bytes) {
  std::size_t used = 0;
  begun_ = begun_ || !bytes.empty();
  while (used < bytes.size() && !done() && !failed()) {
    const std::string_view rest = bytes.substr(used);
    switch (state_) {
      case State::head:
        used += feed_head(rest);
        break;
      case State::length:
      case State::chunk: {
        const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(length_, rest.size()));
        if (keep_) keep_body(rest.substr(0, part));
        used += part;
        length_ -= part;
        if (length_ == 0 && !failed()) state_ = state_ == State::length ? State::done : State::chunk_end;
        break;
      }
      case State::to_end:
        if (keep_) keep_body(rest);
        return bytes.size();
      default:
        used += feed_line(rest);
    }
  }
  return used;
}

void ResponseParser::end() {
  if (done() || failed()) return;
  if (state_ == State::to_end) {
    state_ = State::done;
    return;
  }
  fail(!begun_ ? "the connection was closed before the answer" : "the connection was closed within the answer");
}

std::size_t ResponseParser::feed_head(std::string_view bytes) {
  if (partial_.empty()) {
    const std::size_t end = end_of_head(bytes);
    if (end != std::string_view::npos) {
      read_head(bytes.substr(0, end));
      return end;
    }
  }
  const std::size_t before = partial_.size();
  partial_ += bytes;
  // The empty line may have begun in the piece before.
  const std::size_t from = before < 3 ? 0 : before - 3;
  const std::size_t end = end_of_head(std::string_view(partial_).substr(from));
  if (end == std::string_view::npos) {
    static constexpr std::string_view begins = "HTTP/1.";
    if (std::string_view(partial_).substr(0, begins.size()) != begins.substr(0, partial_.size())) {
      fail("the answer does not begin with HTTP/1.");
    } else if (partial_.size() > max_head_bytes) {
      fail("the header is longer than 64 KiB");
    }
    return bytes.size();
  }
  const std::string head = partial_.substr(0, from + end);
  partial_.clear();
  read_head(head);
  return from + end - before;
}

void ResponseParser::read_head(std::string_view head) {
  keeps_alive_ = true;
  chunked_ = other_coding_ = has_length_ = false;
  length_ = 0;
  const std::string_view whole = head;
  bool first = true;
  while (!head.empty()) {
    const auto end =
        static_cast<std::size_t>(static_cast<const char*>(std::memchr(head.data(), '\n', head.size())) - head.data());
    std::string_view line = head.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    head.remove_prefix(end + 1);
    if (first && !read_status_line(line)) return fail("the answer has no status line of HTTP/1");
    if (!first && !line.empty() && !read_field(line)) return fail("the header has a line that is no field");
    first = false;
  }
  if (status_ == 101) return fail("the connection was switched to another protocol");
  if (status_ < 200) return;  // more is to come
  if (keep_) head_ = whole;
  choose_framing();
}

bool ResponseParser::read_status_line(std::string_view line) {
  if (line.size() < 12 || !line.starts_with("HTTP/1.") || !is_digit(line[7]) || line[8] != ' ') return false;
  if (!is_digit(line[9]) || !is_digit(line[10]) || !is_digit(line[11])) return false;
  if (line.size() > 12 && line[12] != ' ') return false;
  status_ = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  keeps_alive_ = line[7] != '0';
  return status_ >= 100;
}

bool ResponseParser::read_field(std::string_view line) {
  const char first = static_cast<char>(line.front() | 0x20);
  if (first != 'c' && first != 't')
    return line.find(':') != std::string_view::npos || line.front() == ' ' || line.front() == '\t';
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (base::http::iequals(name, "content-length")) {
    std::uint64_t length = 0;
    if (value.empty()) return false;
    for (const char c : value) {
      if (!is_digit(c) || length > max_length) return false;
      length = length * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (has_length_ && length != length_) return false;
    has_length_ = true;
    length_ = length;
  } else if (base::http::iequals(name, "transfer-encoding")) {
    // The last coding says where the body ends.
    const std::size_t comma = value.rfind(',');
    chunked_ =
        base::http::iequals(trimmed(comma == std::string_view::npos ? value : value.substr(comma + 1)), "chunked");
    other_coding_ = !chunked_;
  } else if (base::http::iequals(name, "connection")) {
    if (has_element(value, "close")) keeps_alive_ = false;
    if (has_element(value, "keep-alive")) keeps_alive_ = true;
  }
  return true;
}

void ResponseParser::choose_framing() {
  if (is_head_ || status_ == 204 || status_ == 304) {
    state_ = State::done;
  } else if (other_coding_) {
    keeps_alive_ = false;
    state_ = State::to_end;
  } else if (chunked_) {
    state_ = State::chunk_size;
  } else if (has_length_) {
    state_ = length_ == 0 ? State::done : State::length;
  } else {
    keeps_alive_ = false;
    state_ = State::to_end;
  }
}

std::size_t ResponseParser::feed_line(std::string_view bytes) {
  const void* found = std::memchr(bytes.data(), '\n', bytes.size());
  const std::size_t part =
      found == nullptr ? bytes.size() : static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data()) + 1;
  partial_ += bytes.substr(0, part);
  if (partial_.size() > max_line_bytes) {
    fail("a line of the chunked body is longer than 8 KiB");
  } else if (found != nullptr) {
    end_line();
  }
  return part;
}

void ResponseParser::end_line() {
  std::string_view line = partial_;
  line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (state_ == State::chunk_end) {
    if (!line.empty()) return fail("a chunk is longer than it says");
    state_ = State::chunk_size;
  } else if (state_ == State::trailer) {
    if (line.empty()) state_ = State::done;
  } else {
    std::uint64_t size = 0;
    std::size_t digits = 0;
    for (; digits < line.size() && hex(line[digits]) >= 0; ++digits) {
      if (size > max_length) return fail("a chunk's size is no number");
      size = size * 16 + static_cast<std::uint64_t>(hex(line[digits]));
    }
    const std::string_view behind = trimmed(line.substr(digits));
    if (digits == 0 || (!behind.empty() && behind.front() != ';')) return fail("a chunk's size is no number");
    length_ = size;
    state_ = size == 0 ? State::trailer : State::chunk;
  }
  partial_.clear();
}

void ResponseParser::keep_body(std::string_view bytes) {
  if (body_.size() + bytes.size() > max_kept_bytes) return fail("the body is longer than 8 MiB, too long to look into");
  body_ += bytes;
}

std::string_view ResponseParser::header(std::string_view name) const {
  std::string_view head = head_;
  while (!head.empty()) {
    const std::size_t end = std::min(head.find('\n'), head.size());
    const std::string_view line = head.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && base::http::iequals(line.substr(0, colon), name)) {
      return trimmed(line.substr(colon + 1));
    }
    head.remove_prefix(std::min(end + 1, head.size()));
  }
  return {};
}

}  // namespace load
