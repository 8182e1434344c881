#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include "cli/import/imported.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"
#include "cli/verbs/verb.hpp"
#include "supervisor/spec/cluster.hpp"
#include "supervisor/spec/source.hpp"

namespace cli {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;

struct ImportOptions {
  std::string source;
  std::string out;
  bool dry_run = false;
};

base::Result<Imported> import_file(const fs::path& source) {
  TRY(const std::string text, spec::read_text(source, source.string(), 1 << 20));
  const std::string name = source.filename().string();
  std::error_code ignored;
  const bool has_env = fs::is_regular_file(source.parent_path() / ".env", ignored);
  if (name.starts_with("Procfile")) return import_procfile(text, source.string(), has_env);
  const std::string ending = source.extension().string();
  if (ending == ".yaml" || ending == ".yml") return import_compose(text, source.string(), has_env);
  return base::fail(ErrorCode::invalid,
                    source.string() + ": expected a file named Procfile, or a compose file in .yaml");
}

// Never over a file that is there.
base::Result<void> write_new(const fs::path& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0 && errno == EEXIST) {
    return base::fail(ErrorCode::conflict, path.string() +
                                               " is there already and is not overwritten; name another "
                                               "file with --out, or look at the result with --dry-run");
  }
  if (file < 0) return base::fail(ErrorCode::internal, "cannot write " + path.string() + ": " + std::strerror(errno));
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = ::write(file, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  const bool is_closed = ::close(file) == 0;
  if (done == text.size() && is_closed) return base::success();
  return base::fail(ErrorCode::internal, "cannot write all of " + path.string() + ": " + std::strerror(errno));
}

int import_cluster(const ImportOptions& options) {
  const fs::path source = options.source;
  const auto imported = import_file(source);
  if (!imported) return report(imported.error());
  const std::string text =
      "# Made by `msctl import` from " + source.filename().string() + ".\n" + format_yaml(imported.value().cluster);
  for (const std::string& note : imported.value().notes) say_error("note: " + printable(note));
  if (options.dry_run || options.out == "-") return print(text), ok;

  const fs::path out = options.out.empty() ? source.parent_path() / "msctl.yaml" : fs::path(options.out);
  if (const auto written = write_new(out, text); !written) return report(written.error());
  const std::size_t count = imported.value().cluster["services"].size();
  say("wrote " + out.string() + " with " + std::to_string(count) + (count == 1 ? " service" : " services"));
  const auto loaded = spec::load_cluster(out);
  if (!loaded) {
    say_error("msctl: it does not load yet:\n" + loaded.error().message);
    return failed;
  }
  return ok;
}

}  // namespace

void add_import(Verbs& verbs) {
  auto options = std::make_shared<ImportOptions>();
  verbs.add("import", "Make a msctl.yaml from a Procfile or a compose file")
      .operand("FILE", options->source, "Procfile or compose.yaml")
      .option("--out", options->out, "FILE", "Where to write it; - prints it. Default: msctl.yaml beside FILE")
      .flag("--dry-run", options->dry_run, "Print what would be written")
      .footer(
          "What has no equivalent is listed on standard error. A file that is there is never overwritten.\n"
          "Examples:\n  msctl import Procfile\n  msctl import compose.yaml --dry-run")
      .run([options] { return import_cluster(*options); });
}

}  // namespace cli
