// Two JSON Schemas, a line each, and data in a third: compared with each other, and the first one applied to the data.

#include <array>
#include <string_view>

#include "cli/schema/diff.hpp"
#include "services/chassis/event_schema/event_schema.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(bytes), size);
  std::array<std::string_view, 3> lines;
  for (auto& line : lines) {
    const auto end = std::min(rest.find('\n'), rest.size());
    line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const auto before = base::parse_json(lines[0]);
  const auto now = base::parse_json(lines[1]);
  const auto data = base::parse_json(lines[2]);
  if (before && now) {
    for (const auto policy : {schema::Policy::strict, schema::Policy::lenient}) {
      const auto list = schema::differences(before.value(), now.value(), policy);
      if (!list) continue;
      for (const auto& each : list.value()) schema::field_of(each.pointer);
    }
  }
  if (const auto compiled = chassis::EventSchema::read(lines[0]); compiled && data)
    (void)compiled.value().check(data.value());
  return 0;
}
