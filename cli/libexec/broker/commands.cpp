#include "cli/libexec/broker/commands.hpp"

#include <iostream>
#include <iterator>

#include "cli/libexec/broker/arguments.hpp"
#include "cli/libexec/broker/jetstream.hpp"

namespace broker {
namespace {

using base::Json;
using base::Result;

void print(std::ostream& out, const Json& json) { out << base::dump_json(json) << '\n'; }

void print_all(std::ostream& out, const std::vector<Json>& list) {
  for (const auto& one : list) print(out, one);
}

Result<void> act(const Arguments& wanted, std::istream& in, std::ostream& out) {
  TRY(auto jet_stream, JetStream::connect(wanted.url, wanted.timeout));
  switch (wanted.verb) {
    case Verb::ping: {
      print(out, {{"ok", true}});
      break;
    }
    case Verb::streams: {
      TRY(const auto list, jet_stream.streams());
      print_all(out, list);
      break;
    }
    case Verb::stream: {
      TRY(const auto info, jet_stream.stream(wanted.name));
      print(out, info);
      break;
    }
    case Verb::consumers: {
      TRY(const auto list, jet_stream.consumers(wanted.name));
      print_all(out, list);
      break;
    }
    case Verb::read: {
      TRY(jet_stream.read(wanted, [&](const Json& message) {
        print(out, message);
        return out.good();
      }));
      break;
    }
    case Verb::redeliver: {
      TRY(const auto list, jet_stream.redeliver(wanted));
      print_all(out, list);
      break;
    }
    case Verb::publish: {
      const std::string body{std::istreambuf_iterator<char>(in), {}};
      TRY(const auto acknowledgement, jet_stream.publish(wanted, body));
      print(out, acknowledgement);
      break;
    }
  }
  return base::success();
}

}  // namespace

int run(const std::vector<std::string>& words, std::istream& in, std::ostream& out, std::ostream& err) {
  const auto wanted = read_arguments(words);
  if (!wanted) {
    err << "msctl-broker: " << wanted.error().message << '\n' << usage;
    return 2;
  }
  const auto done = act(wanted.value(), in, out);
  out.flush();
  if (!done) {
    err << "msctl-broker: " << done.error().message << '\n';
    return 1;
  }
  return out.good() ? 0 : 1;
}

}  // namespace broker
