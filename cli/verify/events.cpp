#include "cli/verify/events.hpp"

#include <algorithm>
#include <cctype>

#include "cli/verify/services.hpp"

namespace verify {
namespace {

constexpr Ms broker_timeout{5000};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

Stored stored(const base::Json& line) {
  Stored one;
  one.sequence = line.value("seq", std::uint64_t{0});
  one.time = text_of(line, "time");
  one.subject = text_of(line, "subject");
  const auto headers = line.find("headers");
  if (headers != line.end() && headers->is_object()) {
    for (const auto& [name, value] : headers->items()) {
      if (value.is_string()) one.headers[lower(name)] = value.get<std::string>();
    }
  }
  auto event = base::parse_json(text_of(line, "data"));
  if (event && event.value().is_object()) one.event = std::move(event.value());
  return one;
}

}  // namespace

std::string stream_of(const std::string& service) {
  std::string name = service;
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
  return name;
}

base::Result<std::vector<base::Json>> ask_broker(World& world, const std::vector<std::string>& words) {
  TRY(const auto broker_program, world.helper("msctl-broker"));
  const auto broker = world.cluster().services.find(world.cluster().broker);
  if (broker == world.cluster().services.end() || port_of(broker->second, "client") == 0) {
    return base::fail(base::ErrorCode::not_found, "this cluster names no broker with a port client");
  }
  Ask ask;
  ask.argv = {broker_program, "--url", "nats://127.0.0.1:" + std::to_string(port_of(broker->second, "client")),
              "--timeout-ms", std::to_string(broker_timeout.count())};
  ask.argv.insert(ask.argv.end(), words.begin(), words.end());
  ask.timeout = broker_timeout + Ms(1000);
  TRY(const auto output, world.run(ask));
  if (output.exit_code != 0) {
    return base::fail(base::ErrorCode::unavailable, "the broker: " + output.err.substr(0, output.err.find('\n')));
  }
  std::vector<base::Json> lines;
  for (std::size_t at = 0; at < output.out.size();) {
    const std::size_t end = std::min(output.out.find('\n', at), output.out.size());
    TRY(auto line, base::parse_json(std::string_view(output.out).substr(at, end - at)));
    lines.push_back(std::move(line));
    at = end + 1;
  }
  return lines;
}

base::Result<std::vector<Stored>> events_since(World& world, const std::string& service, base::Wall from) {
  TRY(const auto lines, ask_broker(world, {"read", stream_of(service), "--from-time", base::to_rfc3339(from)}));
  std::vector<Stored> events;
  for (const auto& line : lines) events.push_back(stored(line));
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
