#include <array>
#include <cstdio>
#include <map>

#include "cli/report/report.hpp"

namespace report {
namespace {

std::string seconds_text(double seconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f", seconds);
  return text.data();
}

struct Count {
  std::size_t failed = 0;
  std::size_t skipped = 0;
  double seconds = 0;
};

Count count(const Suite& suite) {
  Count sum;
  for (const auto& one : suite.cases) {
    sum.failed += one.outcome == Outcome::failed ? 1 : 0;
    sum.skipped += one.outcome == Outcome::skipped ? 1 : 0;
    sum.seconds += one.seconds;
  }
  return sum;
}

std::string totals(std::size_t cases, const Count& sum) {
  return " tests=\"" + std::to_string(cases) + "\" failures=\"" + std::to_string(sum.failed) +
         "\" errors=\"0\" skipped=\"" + std::to_string(sum.skipped) + "\" time=\"" + seconds_text(sum.seconds) + "\"";
}

std::string case_xml(const Suite& suite, const Case& one, const std::string& name) {
  std::string xml = "    <testcase classname=\"" + escape(suite.name) + "\" name=\"" + escape(name) + "\" time=\"" +
                    seconds_text(one.seconds) + "\"";
  if (one.outcome == Outcome::passed) return xml + "/>\n";
  const std::string tag = one.outcome == Outcome::failed ? "failure" : "skipped";
  xml += ">\n      <" + tag + " message=\"" + escape(one.message) + "\"";
  xml += one.detail.empty() ? "/>\n" : ">" + escape(one.detail) + "</" + tag + ">\n";
  return xml + "    </testcase>\n";
}

}  // namespace

std::string junit(const std::string& name, const std::vector<Suite>& suites) {
  Count all;
  std::size_t cases = 0;
  std::string inner;
  for (const auto& suite : suites) {
    const Count sum = count(suite);
    all.failed += sum.failed;
    all.skipped += sum.skipped;
    all.seconds += sum.seconds;
    cases += suite.cases.size();
    inner += "  <testsuite name=\"" + escape(suite.name) + "\"" + totals(suite.cases.size(), sum) + ">\n";
    std::map<std::string, int> seen;  // CI systems keep one case of a name
    for (const auto& one : suite.cases) {
      const int nth = ++seen[one.name];
      inner += case_xml(suite, one, nth == 1 ? one.name : one.name + " (" + std::to_string(nth) + ")");
    }
    inner += "  </testsuite>\n";
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"" + escape(name) + "\"" + totals(cases, all) +
         ">\n" + inner + "</testsuites>\n";
}

}  // namespace report
