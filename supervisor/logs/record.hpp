#pragma once
// How an instance's output lies on disk: raw bytes in NAME.log, older ones in NAME.log.1, NAME.log.2 and so on, and for
// each of these files an index of the same name in the subfolder `.index`, which says when which bytes came from where.
// An index is a row of Records and nothing else; it may be missing, end early, or know nothing of some bytes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace logs {

// own: lines that msctl itself put in between.
enum class Stream : std::uint8_t { unknown = 0, out = 1, err = 2, own = 3 };

// One piece of output. 32 bytes, a divisor of every disk's block: a full disk never leaves half a record.
struct Record {
  std::int64_t time_us = 0;  // when it was read from the pipe, since 1970
  std::uint64_t offset = 0;  // in the log
  std::uint32_t length = 0;  // bytes
  std::uint32_t source = 0;  // pid of the writer times 4, plus the stream
  std::uint32_t magic = 0;
  std::uint32_t sum = 0;

  Stream stream() const { return static_cast<Stream>(source & 3U); }
  std::uint64_t end() const { return offset + length; }
};
static_assert(sizeof(Record) == 32);

inline constexpr std::uint32_t record_magic = 0x3158444cU;  // "LDX1"
// How far to look for still older files where one is missing.
inline constexpr int past_gaps = 20;
inline constexpr const char* index_folder = ".index";

inline std::uint32_t sum_of(const Record& record) {
  const auto mix = static_cast<std::uint64_t>(record.time_us) * 0x9e3779b97f4a7c15ULL ^
                   (record.offset + record.length) * 0xc2b2ae3d27d4eb4fULL ^ record.source;
  return static_cast<std::uint32_t>(mix >> 32U) ^ static_cast<std::uint32_t>(mix);
}

// False for what a crash or a power cut left instead of a record.
inline bool is_whole(const Record& record) { return record.magic == record_magic && record.sum == sum_of(record); }

// `…/logs/.index/web.log` of `…/logs/web.log`.
inline std::string index_path(const std::string& log) {
  const auto slash = log.rfind('/');
  const std::string folder = slash == std::string::npos ? std::string() : log.substr(0, slash + 1);
  return folder + index_folder + "/" + log.substr(folder.size());
}

}  // namespace logs
