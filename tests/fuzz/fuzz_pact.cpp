// Bytes as a Pact file. Whatever they hold, reading ends with a pact or with a sentence. A pact can be written, what is
// written reads again and writes as the same bytes, and each example without generators and rules fits itself.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/pact/file.hpp"
#include "base/pact/match.hpp"
#include "base/pact/stub.hpp"

namespace {

namespace pact = base::pact;

class Zeros final : public base::Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    for (auto& byte : bytes) byte = 0;
  }
};

void require(bool holds, const char* what, const std::string& detail) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n%s\n", what, detail.c_str());
  std::abort();
}

void use(const pact::Interaction& one, const pact::Interaction* const all[]) {
  Zeros random;
  const pact::GenerateContext context{random, base::Wall{}, true, base::Json::object(), {}};
  if (one.kind == pact::InteractionKind::http) {
    const auto request = pact::to_http(one.request);
    const auto found = pact::match_request(one.request, request);
    require(found.size() <= pact::max_mismatches, "mismatches are bounded", "");
    static_cast<void>(pact::match_response(one.response, pact::to_http(one.response)));
    static_cast<void>(pact::explain(request, pact::choose_interaction(std::span(all, 1), request)));
    static_cast<void>(pact::generate(one.request, context));
    static_cast<void>(pact::generate(one.response, context));
  } else if (one.kind == pact::InteractionKind::message) {
    static_cast<void>(pact::match_message(one.message, {one.message.contents, one.message.metadata}));
    static_cast<void>(pact::generate(one.message, context));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = pact::read_pact(std::string_view(reinterpret_cast<const char*>(data), size), "input");
  if (!read) {
    require(!read.error().message.empty(), "errors say something", "");
    return 0;
  }
  for (const auto& one : read.value().interactions) {
    const pact::Interaction* const all[] = {&one};
    use(one, all);
  }
  const auto written = pact::write_pact(read.value());
  require(written.has_value(), "what was read can be written", written ? "" : written.error().message);
  const auto again = pact::read_pact(written.value(), "written");
  require(again.has_value(), "what was written can be read",
          again ? "" : again.error().message + "\n" + written.value());
  const auto twice = pact::write_pact(again.value());
  require(twice.has_value() && twice.value() == written.value(), "writing again changes nothing", written.value());
  return 0;
}
