#include "cli/load/show.hpp"
#include "cli/report/report.hpp"

namespace load {

std::string show_page(const base::Json& result) {
  return report::page("load", report::escape(result.value("name", "")));
}

}  // namespace load
