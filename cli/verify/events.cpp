#include "cli/verify/events.hpp"

#include <algorithm>

#include "base/subjects.hpp"
#include "cli/verify/services.hpp"

namespace verify {
namespace {

constexpr Ms broker_timeout{5000};

}  // namespace

base::Result<std::vector<base::Json>> ask_broker(World& world, const std::vector<std::string>& words) {
  TRY(const auto broker_program, world.helper("msctl-broker"));
  TRY(const auto url, streams::url_of(world.cluster()));
  Ask ask;
  ask.argv = {broker_program, "--url", url, "--timeout-ms", std::to_string(broker_timeout.count())};
  ask.argv.insert(ask.argv.end(), words.begin(), words.end());
  ask.timeout = broker_timeout + Ms(1000);
  TRY(const auto output, world.run(ask));
  return streams::lines_of(output);
}

base::Result<std::vector<Stored>> events_since(World& world, const std::string& service, base::Wall from) {
  TRY(const auto lines, ask_broker(world, {"read", base::stream_name(service), "--from-time", base::to_rfc3339(from)}));
  std::vector<Stored> events;
  for (const auto& line : lines) events.push_back(streams::stored(line));
  return events;
}

std::vector<Stored> about(const std::vector<Stored>& events, const std::string& order_id) {
  std::vector<Stored> found;
  std::copy_if(events.begin(), events.end(), std::back_inserter(found), [&](const Stored& one) {
    const auto data = one.event.is_object() ? one.event.find("data") : one.event.end();
    return data != one.event.end() && data->is_object() && text_of(*data, "order_id") == order_id;
  });
  return found;
}

}  // namespace verify
