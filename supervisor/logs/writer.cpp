#include "supervisor/logs/writer.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <utility>

namespace logs {
namespace {

constexpr std::size_t longest_path = 3900;
// A line that does not end is cut here when the file is full.
constexpr std::uint64_t longest_line = 1 << 20;
constexpr int lock_tries = 50;
constexpr int most_files = 1000;

// PATH.N in a buffer of its own, PATH itself for 0.
struct Numbered {
  Numbered(const std::string& path, int number) noexcept {
    if (number == 0) {
      std::snprintf(text.data(), text.size(), "%s", path.c_str());
    } else {
      std::snprintf(text.data(), text.size(), "%s.%d", path.c_str(), number);
    }
  }
  std::array<char, PATH_MAX> text{};
};

// Holds the lock on a folder. Whoever has it needs microseconds; after 50 ms without it we go on, since a process that
// was stopped meanwhile must not stop our instance as well.
class FolderLock {
 public:
  explicit FolderLock(const std::string& folder) noexcept
      : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    for (int i = 0; fd_ >= 0 && i < lock_tries; ++i) {
      held_ = ::flock(fd_, LOCK_EX | LOCK_NB) == 0;
      if (held_) return;
      const timespec pause{0, 1'000'000};
      ::nanosleep(&pause, nullptr);
    }
  }
  ~FolderLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  FolderLock(const FolderLock&) = delete;
  bool held() const { return held_; }

 private:
  int fd_;
  bool held_ = false;
};

bool exists(const Numbered& path) noexcept {
  struct stat info {};
  return ::lstat(path.text.data(), &info) == 0;
}

int open_for_append(const std::string& path) noexcept {
  return ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
}

base::Error open_error(const std::string& path, int number) {
  const auto code = number == EACCES || number == EPERM ? base::ErrorCode::permission : base::ErrorCode::internal;
  return base::fail(code, "cannot open " + path + ": " + std::strerror(number));
}

void swap_descriptor(int& mine, int fresh) noexcept {
  if (mine >= 0) ::close(mine);
  mine = fresh;
}

}  // namespace

Writer::Writer(const std::string& log, const Settings& settings)
    : log_path_(log),
      index_path_(logs::index_path(log)),
      index_folder_(index_path_.substr(0, index_path_.rfind('/'))),
      settings_(settings),
      put_(::write) {}

base::Result<Writer> Writer::open(const std::string& log, const Settings& settings) {
  if (log.size() > longest_path)
    return base::fail(base::ErrorCode::internal, "the path of the log is too long: " + log);
  Writer writer(log, settings);
  {
    ::mkdir(writer.index_folder_.c_str(), 0700);
    // Most often there is nothing to delete, and a hundred writers that open at once need not wait for each other.
    if (writer.prune(Prune::look)) {
      const FolderLock lock(writer.index_folder_);
      writer.prune(Prune::remove);
    }
  }
  if (const int problem = writer.reopen(); problem != 0) return open_error(log, problem);
  return writer;
}

Writer::Writer(Writer&& other) noexcept : put_(::write) { *this = std::move(other); }

Writer& Writer::operator=(Writer&& other) noexcept {
  if (this == &other) return *this;
  close();
  log_path_ = std::move(other.log_path_);
  index_path_ = std::move(other.index_path_);
  index_folder_ = std::move(other.index_folder_);
  settings_ = other.settings_;
  put_ = other.put_;
  log_ = std::exchange(other.log_, -1);
  index_ = std::exchange(other.index_, -1);
  device_ = other.device_;
  number_ = other.number_;
  size_ = other.size_;
  line_start_ = other.line_start_;
  unfinished_ = std::exchange(other.unfinished_, {});
  last_us_ = other.last_us_;
  lost_ = other.lost_;
  untold_ = other.untold_;
  why_ = other.why_;
  return *this;
}

Writer::~Writer() { close(); }

void Writer::close() noexcept {
  for (const Stream stream : {Stream::out, Stream::err}) {
    if (log_ >= 0 && unfinished_[static_cast<std::size_t>(stream)]) write(stream, "\n", last_us_);
  }
  swap_descriptor(log_, -1);
  swap_descriptor(index_, -1);
}

int Writer::reopen() noexcept {
  int log = open_for_append(log_path_);
  if (log < 0 && errno == ENOENT) {  // somebody removed the folder
    ::mkdir(index_folder_.substr(0, index_folder_.rfind('/')).c_str(), 0700);
    log = open_for_append(log_path_);
  }
  struct stat info {};
  if (log < 0) return errno;
  if (::fstat(log, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(log);
    return EEXIST;
  }
  ::mkdir(index_folder_.c_str(), 0700);
  swap_descriptor(log_, log);
  swap_descriptor(index_, open_for_append(index_path_));  // without it lines have no time, that is all
  device_ = info.st_dev;
  number_ = info.st_ino;
  check_index();
  return 0;
}

// Drops a torn end, and everything when the index tells of more than the log has: then it is another log's. The size of
// the log is taken last, since another writer may be at work, and a record comes after its bytes.
void Writer::check_index() noexcept {
  struct stat info {};
  off_t whole = 0;
  Record record;
  if (index_ >= 0 && ::fstat(index_, &info) == 0) {
    whole = info.st_size - info.st_size % static_cast<off_t>(sizeof(Record));
    if (whole != info.st_size) static_cast<void>(::ftruncate(index_, whole));
    if (whole > 0) static_cast<void>(::pread(index_, &record, sizeof(record), whole - off_t{sizeof(record)}));
  }
  size_ = ::fstat(log_, &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
  if (is_whole(record) && record.end() > size_) static_cast<void>(::ftruncate(index_, 0));
  char last = '\n';
  static_cast<void>(::pread(log_, &last, 1, static_cast<off_t>(size_) - 1));
  line_start_ = last == '\n';
}

bool Writer::is_current() const noexcept {
  struct stat info {};
  return ::lstat(log_path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == number_;
}

bool Writer::rotate() noexcept {
  const FolderLock lock(index_folder_);
  if (!lock.held()) return false;
  if (is_current()) {
    int free = 0;
    while (free < std::min(settings_.files, most_files) - 1 && exists(Numbered(log_path_, free))) ++free;
    for (int i = free - 1; i >= 0; --i) {
      ::unlink(Numbered(index_path_, i + 1).text.data());
      ::rename(Numbered(log_path_, i).text.data(), Numbered(log_path_, i + 1).text.data());
      ::rename(Numbered(index_path_, i).text.data(), Numbered(index_path_, i + 1).text.data());
    }
    if (settings_.files <= 1) {
      ::unlink(log_path_.c_str());
      ::unlink(index_path_.c_str());
    }
    prune(Prune::remove);
  }
  // When nothing could be renamed, the same file goes on.
  return reopen() == 0 && size_ < static_cast<std::uint64_t>(settings_.max_bytes);
}

// Deletes older files that are too many or too old, and a present one that nobody wrote to for as long. True when there
// were any.
bool Writer::prune(Prune how) const noexcept {
  bool any = false;
  const std::int64_t oldest =
      settings_.max_age_days > 0 ? ::time(nullptr) - settings_.max_age_days * 86400LL : INT64_MIN;
  for (int i = 0; i < most_files; ++i) {
    const Numbered log(log_path_, i);
    struct stat info {};
    if (::lstat(log.text.data(), &info) != 0) {
      if (i >= settings_.files + past_gaps) return any;
      continue;
    }
    if ((i == 0 || i < settings_.files) && info.st_mtime >= oldest) continue;
    any = true;
    if (how == Prune::look) return any;
    ::unlink(log.text.data());
    ::unlink(Numbered(index_path_, i).text.data());
  }
  return any;
}

// How many of the bytes go into the present file, up to a line's end; 0: rotate first.
std::size_t Writer::fitting(std::string_view bytes) const noexcept {
  const auto most = static_cast<std::uint64_t>(settings_.max_bytes);
  if (most == 0 || size_ + bytes.size() <= most) return bytes.size();
  if (size_ >= most + longest_line) return 0;
  if (size_ < most) {
    const auto last = bytes.rfind('\n', static_cast<std::size_t>(most - size_) - 1);
    if (last != std::string_view::npos) return last + 1;
  }
  if (size_ > 0 && line_start_) return 0;
  const auto first = bytes.find('\n');
  return first == std::string_view::npos ? bytes.size() : first + 1;
}

void Writer::write(Stream stream, std::string_view bytes, std::int64_t now_us) noexcept {
  if (bytes.empty() || log_ < 0) return;
  last_us_ = now_us;
  if (!is_current()) {
    const FolderLock lock(index_folder_);
    reopen();
  }
  if (untold_ > 0) tell_loss(now_us);
  while (!bytes.empty()) {
    std::size_t count = fitting(bytes);
    if (count == 0 && !rotate()) count = bytes.size();
    if (count == 0) continue;
    if (!append(stream, bytes.substr(0, count), now_us)) {
      lost_ += bytes.size() - count;
      untold_ += bytes.size() - count;
      return;
    }
    bytes.remove_prefix(count);
  }
}

bool Writer::append(Stream stream, std::string_view bytes, std::int64_t now_us) noexcept {
  while (!bytes.empty()) {
    const ssize_t put = put_(log_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      why_ = put < 0 ? errno : ENOSPC;
      lost_ += bytes.size();
      untold_ += bytes.size();
      return false;
    }
    note(stream, static_cast<std::size_t>(put), now_us);
    line_start_ = bytes[static_cast<std::size_t>(put) - 1] == '\n';
    unfinished_[static_cast<std::size_t>(stream)] = !line_start_;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

// Whatever others appended meanwhile, after a write with O_APPEND the position is where our own bytes end.
void Writer::note(Stream stream, std::size_t length, std::int64_t now_us) noexcept {
  const auto end = static_cast<std::uint64_t>(std::max<off_t>(::lseek(log_, 0, SEEK_CUR), 0));
  const std::uint64_t offset = end - std::min<std::uint64_t>(length, end);
  // Somebody emptied the log: what the index says of it no longer holds.
  if (offset < size_ && index_ >= 0) static_cast<void>(::ftruncate(index_, 0));
  size_ = end;
  Record record{now_us, offset, static_cast<std::uint32_t>(length), 0, record_magic, 0};
  record.source = static_cast<std::uint32_t>(::getpid()) << 2U | static_cast<std::uint32_t>(stream);
  record.sum = sum_of(record);
  const ssize_t put = index_ < 0 ? 0 : put_(index_, &record, sizeof(record));
  struct stat info {};
  if (put <= 0 || put == sizeof(record) || ::fstat(index_, &info) != 0) return;
  static_cast<void>(::ftruncate(index_, info.st_size - info.st_size % static_cast<off_t>(sizeof(Record))));
}

void Writer::tell_loss(std::int64_t now_us) noexcept {
  std::array<char, 200> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%smsctl: %llu bytes of output were lost: %s\n", line_start_ ? "" : "\n",
                    static_cast<unsigned long long>(untold_), ::strerrordesc_np(why_));
  const std::uint64_t before = lost_;
  const bool told =
      append(Stream::own, std::string_view(text.data(), static_cast<std::size_t>(std::max(size, 0))), now_us);
  if (told) {
    untold_ = 0;
  } else {  // the line itself is no output
    untold_ -= lost_ - before;
    lost_ = before;
  }
}

}  // namespace logs
