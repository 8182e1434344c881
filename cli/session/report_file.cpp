#include "cli/session/report_file.hpp"

#include <fstream>

namespace cli {

base::Result<void> write_report(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (out) return base::success();
  return base::fail(base::ErrorCode::internal, "cannot write " + path + "; name a file in a folder that is there");
}

}  // namespace cli
