#include <fstream>

#include "cli/files/files.hpp"
#include "cli/files/temporary_folder.hpp"
#include "cli/program/program.hpp"

namespace files {
namespace {

// A text as a file that another program can read.
base::Result<std::string> put(const TemporaryFolder& folder, const std::string& name, const std::string& text) {
  const auto path = folder.path() / name;
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) return base::fail(base::ErrorCode::internal, "cannot write to the folder for temporary files");
  return path.string();
}

}  // namespace

base::Result<std::string> unified_diff(const std::string& path, const File* before, const File* after) {
  const std::string old_text = before != nullptr ? before->content : "";
  const std::string new_text = after != nullptr ? after->content : "";
  if (before != nullptr && after != nullptr && old_text == new_text) return std::string();
  TRY(const auto scratch, TemporaryFolder::make("text"));
  TRY(const auto old_file, put(scratch, "a", old_text));
  TRY(const auto new_file, put(scratch, "b", new_text));
  TRY(auto output, program::ask({"diff", "-u", "--label", before != nullptr ? "a/" + path : "/dev/null", "--label",
                                 after != nullptr ? "b/" + path : "/dev/null", old_file, new_file}));
  if (output.exit_code > 1) return base::fail(base::ErrorCode::internal, "diff of " + path + " failed: " + output.err);
  return std::move(output.out);
}

base::Result<Merge> merge(const std::string& mine, const std::string& base, const std::string& theirs,
                          const std::string& mine_label, const std::string& theirs_label) {
  TRY(const auto scratch, TemporaryFolder::make("text"));
  TRY(const auto mine_file, put(scratch, "mine", mine));
  TRY(const auto base_file, put(scratch, "base", base));
  TRY(const auto theirs_file, put(scratch, "theirs", theirs));
  TRY(auto output, program::ask({"git", "merge-file", "-p", "-L", mine_label, "-L", "base", "-L", theirs_label,
                                 mine_file, base_file, theirs_file}));
  // git: the number of conflicts, at most 127; 255 for what it cannot merge.
  if (output.exit_code > 127) return base::fail(base::ErrorCode::invalid, "cannot be merged: " + output.err);
  return Merge{std::move(output.out), output.exit_code};
}

}  // namespace files
