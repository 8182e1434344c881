#include "services/notification/adapters/out/maildir_postman.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/descriptor.hpp"
#include "base/ids.hpp"
#include "services/notification/adapters/out/rfc5322.hpp"

namespace notification_service::adapters {
namespace {

using base::Result;

base::Error failed(const std::string& what) {
  return base::fail(base::ErrorCode::unavailable, what + ": " + std::strerror(errno));
}

Result<void> sync_folder(const std::string& folder) {
  const base::Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened || ::fsync(opened.get()) != 0) return failed(folder);
  return base::success();
}

Result<void> make_spool(const std::string& folder) {
  std::error_code error;
  const bool was_missing = std::filesystem::create_directories(folder, error);
  if (error) return base::fail(base::ErrorCode::unavailable, folder + ": " + error.message());
  if (was_missing) {
    TRY(sync_folder(std::filesystem::path(folder).parent_path()));
  }
  bool is_new = false;
  for (const char* name : {"/tmp", "/new", "/cur"}) {
    const std::string path = folder + name;
    if (::mkdir(path.c_str(), 0700) == 0) {
      is_new = true;
    } else if (errno != EEXIST) {
      return failed(path);
    } else if (!std::filesystem::is_directory(path, error)) {
      return base::fail(base::ErrorCode::unavailable, path + ": is no folder");
    }
  }
  if (is_new) return sync_folder(folder);
  return base::success();
}

Result<void> write_file(const std::string& path, std::string_view text) {
  const base::Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return failed(path);
  while (!text.empty()) {
    const auto written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed(path);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0) return failed(path);
  return base::success();
}

// A name that is one file of the folder, whatever the mailbox held.
bool is_file_name(const std::string& name) {
  const auto is_fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '@';
  };
  return !name.empty() && name.size() <= 200 && name.front() != '.' && std::all_of(name.begin(), name.end(), is_fine);
}

Result<void> store(const std::string& folder, const std::string& name, const std::string& mark,
                   const std::string& text) {
  if (!is_file_name(name)) return base::fail(base::ErrorCode::invalid, "'" + name + "' is no Message-ID of ours");
  TRY(make_spool(folder));
  const std::string before = folder + "/tmp/" + name + "." + mark;
  const std::string after = folder + "/new/" + name;
  auto written = write_file(before, text);
  if (written && ::rename(before.c_str(), after.c_str()) != 0) written = failed(after);
  if (!written) {
    ::unlink(before.c_str());
    return written;
  }
  return sync_folder(folder + "/new");
}

}  // namespace

base::Task<Result<void>> MaildirPostman::deliver(domain::Mail mail) {
  const std::string text = to_rfc5322(mail, mail_domain_);
  const std::string mark = base::random_hex(random_, 8);  // two that deliver one mail write two files
  Result<void> outcome = base::success();
  // By reference: this coroutine's frame outlives the work it awaits.
  std::function<void()> work = [&] { outcome = store(folder_, mail.message_id, mark, text); };
  co_await scheduler_.offload(std::move(work));
  co_return outcome;
}

base::Task<Result<void>> MaildirPostman::ping(base::Monotonic /*deadline*/) {
  Result<void> outcome = base::success();
  std::function<void()> work = [&] {
    outcome = make_spool(folder_);
    for (const char* name : {"/tmp", "/new"}) {
      if (outcome && ::access((folder_ + name).c_str(), W_OK) != 0) outcome = failed(folder_ + name);
    }
  };
  co_await scheduler_.offload(std::move(work));
  co_return outcome;
}

}  // namespace notification_service::adapters
