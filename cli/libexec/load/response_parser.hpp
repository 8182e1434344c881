#pragma once
// Finds the end of an HTTP/1.1 answer in a stream of bytes (RFC 9112 §6), and as little else as the caller asked for.
// Knows content-length, chunked, no body, and bodies that end with the connection; 1xx answers are passed over. Bytes
// come in any pieces; nothing is allocated as long as a header block comes in one piece and nothing of it is kept.
// Whatever is not HTTP ends in failed(), with a reason. One thread.

#include <cstdint>
#include <string>
#include <string_view>

namespace load {

class ResponseParser {
 public:
  static constexpr std::size_t max_head_bytes = 64 * 1024;
  static constexpr std::size_t max_kept_bytes = 8 * 1024 * 1024;

  // The next answer. `is_head`: to a HEAD request, which has no body. `keep`: head() and body() are wanted.
  void begin(bool is_head, bool keep);

  // Takes bytes up to the end of the answer and says how many that were. Call it until done() or failed().
  std::size_t feed(std::string_view bytes);
  // The stream has ended.
  void end();

  bool done() const { return state_ == State::done; }
  bool failed() const { return state_ == State::failed; }
  const char* why() const { return why_; }  // when failed
  bool begun() const { return begun_; }     // any byte has come

  int status() const { return status_; }
  bool keeps_alive() const { return keeps_alive_; }
  // With `keep` only. The first header of that name, or empty.
  std::string_view header(std::string_view name) const;
  std::string_view body() const { return body_; }

 private:
  enum class State : std::uint8_t { head, length, chunk_size, chunk, chunk_end, trailer, to_end, done, failed };

  void fail(const char* why);
  std::size_t feed_head(std::string_view bytes);
  void read_head(std::string_view head);
  bool read_status_line(std::string_view line);
  bool read_field(std::string_view line);
  void choose_framing();
  std::size_t feed_line(std::string_view bytes);  // of chunk sizes and trailers
  void end_line();
  void keep_body(std::string_view bytes);

  State state_ = State::done;
  bool is_head_ = false;
  bool keep_ = false;
  bool begun_ = false;
  bool keeps_alive_ = true;
  bool chunked_ = false;
  bool other_coding_ = false;
  bool has_length_ = false;
  int status_ = 0;
  std::uint64_t length_ = 0;  // of the body, or what is left of it or of a chunk
  const char* why_ = "";
  std::string partial_;  // a head or a line that came in pieces
  std::string head_;
  std::string body_;
};

}  // namespace load
