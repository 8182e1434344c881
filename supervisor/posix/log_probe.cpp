#include "supervisor/posix/log_probe.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include <boost/asio/post.hpp>

namespace posix {
namespace {

using ports::Answer;
using ports::Question;

struct Reading {
  boost::asio::io_context& io;
  std::shared_ptr<LogSearch> search;
  std::chrono::steady_clock::time_point until;
  std::string pattern;
  ports::Prober::OnAnswer callback;
};

void read_on(std::shared_ptr<Reading> reading) {
  const auto found = reading->search->read_on();
  if (found == LogSearch::Found::more && std::chrono::steady_clock::now() < reading->until) {
    auto& io = reading->io;
    boost::asio::post(io, [reading = std::move(reading)]() mutable { read_on(std::move(reading)); });
    return;
  }
  const bool ok = found == LogSearch::Found::yes;
  reading->callback(Answer{ok, 0, {}, ok ? std::string() : "no line of its log matches /" + reading->pattern + "/"});
}

base::Result<std::shared_ptr<LogSearch>> search_of(const Question& question) {
  if (question.memory && question.memory->kept) return std::static_pointer_cast<LogSearch>(question.memory->kept);
  TRY(auto pattern, base::Pattern::make(question.text));
  auto search = std::make_shared<LogSearch>(question.log, question.log_from, std::move(pattern));
  if (question.memory) question.memory->kept = search;
  return search;
}

}  // namespace

LogSearch::LogSearch(std::filesystem::path file, std::uint64_t from, base::Pattern pattern)
    : path_(std::move(file)), from_(from), pattern_(std::move(pattern)) {}

void LogSearch::open() {
  file_ = Descriptor(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat now {};
  if (!file_ || ::fstat(file_.get(), &now) != 0) return;
  offset_ = from_ <= static_cast<std::uint64_t>(now.st_size) ? from_ : 0;
  from_ = 0;  // of the first file only
}

// Also true of a file that was cut short.
bool LogSearch::is_replaced() const {
  struct stat ours {};
  struct stat named {};
  if (::fstat(file_.get(), &ours) != 0) return true;
  if (static_cast<std::uint64_t>(ours.st_size) < offset_) return true;
  if (::stat(path_.c_str(), &named) != 0) return false;  // between rename and creation
  return named.st_ino != ours.st_ino || named.st_dev != ours.st_dev;
}

LogSearch::Found LogSearch::read_on() {
  if (found_) return Found::yes;
  if (!file_) open();
  if (!file_) return Found::not_yet;
  std::string piece(log_piece_bytes, '\0');
  // Asked before the last read: what was written before the file was replaced is read for sure.
  const bool replaced = is_replaced();
  const ssize_t size = ::pread(file_.get(), piece.data(), piece.size(), static_cast<off_t>(offset_));
  if (size > 0) {
    offset_ += static_cast<std::uint64_t>(size);
    found_ = take({piece.data(), static_cast<std::size_t>(size)});
    return found_ ? Found::yes : Found::more;
  }
  if (!replaced) return Found::not_yet;
  file_ = Descriptor();
  return Found::more;  // a line can go across two files: its begin is kept
}

bool LogSearch::take(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    line_.append(bytes.substr(0, std::min(end, max_log_line - line_.size())));
    if (end == bytes.size()) return false;
    if (!line_.empty() && line_.back() == '\r') line_.pop_back();
    if (pattern_.found_in(line_)) return true;
    line_.clear();
    bytes.remove_prefix(end + 1);
  }
  return false;
}

void ask_log(boost::asio::io_context& io, const Question& question, ports::Prober::OnAnswer callback) {
  auto search = search_of(question);
  if (!search) return callback(Answer{false, 0, {}, search.error().message});
  const auto until = std::chrono::steady_clock::now() + question.timeout;
  read_on(std::make_shared<Reading>(Reading{io, std::move(search.value()), until, question.text, std::move(callback)}));
}

}  // namespace posix
