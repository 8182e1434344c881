// Bytes as a scenario file of `msctl load`: whatever they hold, reading ends with a plan or with a sentence that names
// the file, and a plan keeps what it promises. The same bytes go through the readers of thresholds, addresses, tables
// and of an answer of a server.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cli/libexec/load/response_parser.hpp"
#include "cli/load/csv.hpp"
#include "cli/load/exposition.hpp"
#include "cli/load/origin.hpp"
#include "cli/load/scenario.hpp"
#include "cli/load/units.hpp"

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

void read_file(std::string_view text) {
  const auto file = load::parse_scenario(text, "load.yaml");
  if (!file) return require(file.error().message.find("load.yaml") != std::string::npos, "errors name the file");
  (void)load::services_of(file.value().document);
  const auto plan = load::check_scenario(file.value());
  if (!plan) return require(!plan.error().message.empty(), "errors say something");
  require(!plan.value().scenarios.empty(), "a plan has a scenario");
  require(plan.value().duration_ns > 0 && plan.value().threads > 0 && plan.value().connections > 0,
          "a plan has limits");
  for (const auto& scenario : plan.value().scenarios) {
    require(!scenario.steps.empty(), "a scenario has a step");
    for (const auto& step : scenario.steps) {
      require(step.origin < plan.value().origins.size(), "a step has an origin");
      load::Filler filler(plan.value().data, "run", 0, 1, 1);
      load::Frame frame;
      frame.slots = plan.value().slots;
      filler.begin(frame);
      std::string out;
      filler.append(step.target, frame, out);
      require(out.find_first_of("\r\n ") == std::string::npos, "a target is one word");
      for (const auto& [name, value] : step.headers) {
        std::string line;
        filler.append(value, frame, line);
        require(line.find_first_of("\r\n") == std::string::npos, "a header is one line");
      }
      filler.append(step.body, frame, out);
    }
  }
  load::Arrivals arrivals(plan.value().stages, 0, 1, plan.value().poisson, 1);
  std::uint64_t before = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto next = arrivals.next();
    if (!next) break;
    require(*next >= before, "arrivals are in order");
    before = *next;
  }
}

void read_answer(std::string_view bytes) {
  for (const std::size_t piece : {bytes.size() + 1, std::size_t{3}}) {
    load::ResponseParser parser;
    parser.begin(false, true);
    std::string_view rest = bytes;
    while (!rest.empty() && !parser.done() && !parser.failed()) {
      const std::string_view part = rest.substr(0, piece);
      const std::size_t used = parser.feed(part);
      require(used <= part.size(), "no more is taken than was there");
      if (used < part.size()) break;
      rest.remove_prefix(used);
    }
    parser.end();
    require(parser.done() != parser.failed(), "an answer ends one way");
    (void)parser.header("location");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_file(bytes);
  read_answer(bytes);
  (void)load::read_csv(bytes);
  (void)load::read_exposition(bytes);
  (void)load::read_threshold(bytes);
  (void)load::read_address(bytes);
  (void)load::parse_duration(bytes);
  return 0;
}
