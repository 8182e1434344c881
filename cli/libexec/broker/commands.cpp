#include "cli/libexec/broker/commands.hpp"

#include <iostream>
#include <iterator>

#include "base/base64.hpp"
#include "cli/libexec/broker/arguments.hpp"
#include "cli/libexec/broker/jetstream.hpp"
#include "cli/libexec/broker/redis_streams.hpp"

namespace broker {
namespace {

using base::Json;
using base::Result;

void print(std::ostream& out, const Json& json) { out << base::dump_json(json) << '\n'; }

void print_all(std::ostream& out, const std::vector<Json>& list) {
  for (const auto& one : list) print(out, one);
}

Result<Settling> read_settling(const std::string& line) {
  TRY(const auto wanted, base::parse_json(line));
  const bool has_number = wanted.is_object() && wanted.contains("seq") && wanted["seq"].is_number_unsigned();
  if (!has_number) return base::fail(base::ErrorCode::malformed, "expected an object with seq in each line");
  Settling read;
  read.seq = wanted["seq"].get<std::uint64_t>();
  if (!wanted.contains("publish")) return read;
  const Json& publish = wanted["publish"];
  read.publish = true;
  read.anew.name = publish.value("subject", "");
  const Json headers = publish.value("headers", Json::object());
  for (const auto& [name, value] : headers.items()) read.anew.headers.emplace_back(name, value.get<std::string>());
  read.body = publish.value("data", "");
  if (publish.contains("data_base64")) {
    TRY(read.body, base::from_base64(publish["data_base64"].get<std::string>()));
  }
  return read;
}

// Many messages over one connection: a process for each would take a minute for some thousands.
template <class Kind>
Result<void> settle(Kind& kind, const std::string& stream, std::istream& in, std::ostream& out) {
  std::vector<Settling> all;
  for (std::string line; std::getline(in, line);) {
    TRY(auto one, read_settling(line));
    all.push_back(std::move(one));
  }
  std::size_t done = 0;
  const auto settled = kind.settle(stream, all, [&](std::uint64_t seq) {
    ++done;
    print(out, {{"stream", stream}, {"seq", seq}});
  });
  if (settled) return base::success();
  return base::fail(settled.error().code,
                    settled.error().message + "; " + std::to_string(done) +
                        (done == 1 ? " message before it was done" : " messages before it were done"));
}

// `Kind`: JetStream or RedisStreams.
template <class Kind>
Result<void> act(const Arguments& wanted, std::istream& in, std::ostream& out) {
  TRY(auto kind, Kind::connect(wanted.url, wanted.timeout));
  switch (wanted.verb) {
    case Verb::ping: {
      print(out, {{"ok", true}});
      break;
    }
    case Verb::streams: {
      TRY(const auto list, kind.streams());
      print_all(out, list);
      break;
    }
    case Verb::stream: {
      TRY(const auto info, kind.stream(wanted.name));
      print(out, info);
      break;
    }
    case Verb::consumers: {
      TRY(const auto list, kind.consumers(wanted.name));
      print_all(out, list);
      break;
    }
    case Verb::read: {
      TRY(kind.read(wanted, [&](const Json& message) {
        print(out, message);
        return out.good();
      }));
      break;
    }
    case Verb::redeliver: {
      TRY(const auto list, kind.redeliver(wanted));
      print_all(out, list);
      break;
    }
    case Verb::remove: {
      TRY(const auto removed, kind.remove(wanted));
      print(out, removed);
      break;
    }
    case Verb::settle: {
      TRY(settle(kind, wanted.name, in, out));
      break;
    }
    case Verb::publish: {
      const std::string body{std::istreambuf_iterator<char>(in), {}};
      TRY(const auto acknowledgement, kind.publish(wanted, body));
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
  const bool is_redis = wanted.value().url.starts_with("redis://");
  const auto done = is_redis ? act<RedisStreams>(wanted.value(), in, out) : act<JetStream>(wanted.value(), in, out);
  out.flush();
  if (!done) {
    err << "msctl-broker: " << done.error().message << '\n';
    return 1;
  }
  return out.good() ? 0 : 1;
}

}  // namespace broker
