#include "cli/libexec/broker/arguments.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace broker {
namespace {

using base::ErrorCode;
using base::Result;

base::Error wrong(const std::string& what) { return base::fail(ErrorCode::malformed, what); }

struct Form {
  const char* name;
  Verb verb;
  bool takes_name;
};
constexpr std::array forms{Form{"ping", Verb::ping, false},      Form{"streams", Verb::streams, false},
                           Form{"stream", Verb::stream, true},   Form{"consumers", Verb::consumers, true},
                           Form{"read", Verb::read, true},       Form{"redeliver", Verb::redeliver, true},
                           Form{"publish", Verb::publish, true}, Form{"delete", Verb::remove, true},
                           Form{"settle", Verb::settle, true}};

Result<std::uint64_t> number(const std::string& flag, const std::string& text) {
  std::uint64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) {
    return wrong(flag + ": expected a whole number, got " + text);
  }
  return value;
}

Result<void> take_option(Arguments& into, const std::string& flag, const std::string& value) {
  if (flag == "--url") {
    into.url = value;
  } else if (flag == "--timeout-ms") {
    TRY(const auto ms, number(flag, value));
    if (ms == 0 || ms > 600'000) return wrong("--timeout-ms: expected 1 to 600000");
    into.timeout = std::chrono::milliseconds(ms);
  } else if (flag == "--subject") {
    into.subject = value;
  } else if (flag == "--from-seq") {
    TRY(const auto seq, number(flag, value));
    into.from_seq = seq;
  } else if (flag == "--from-time") {
    TRY(const auto time, read_time(value));
    into.from_ns = time;
  } else if (flag == "--limit") {
    TRY(const auto limit, number(flag, value));
    into.limit = limit;
  } else if (flag == "--header") {
    const auto colon = value.find(':');
    if (colon == std::string::npos || colon == 0) return wrong("--header: expected NAME:VALUE, got " + value);
    into.headers.emplace_back(value.substr(0, colon), value.substr(colon + 1));
  } else {
    return wrong("unknown option " + flag);
  }
  return base::success();
}

Result<void> check(const Arguments& read, bool with_name, const Form& form) {
  if (form.takes_name && !with_name) {
    return wrong(std::string(form.name) + ": expected " + (form.verb == Verb::publish ? "a subject" : "a stream"));
  }
  if (!form.takes_name && with_name) return wrong(std::string(form.name) + " takes no name");
  // JetStream puts the name into a subject of its own.
  const bool is_odd = std::any_of(read.name.begin(), read.name.end(), [](unsigned char c) { return c <= ' '; });
  if (is_odd) return wrong("a name has no spaces");
  if (form.verb != Verb::publish && read.name.find_first_of(".*>") != std::string::npos) {
    return wrong("the name of a stream has no '.', '*' or '>'");
  }
  const bool needs_number = read.verb == Verb::redeliver || read.verb == Verb::remove;
  if (needs_number && !read.from_seq) return wrong(std::string(form.name) + ": expected --from-seq");
  if (read.from_seq && read.from_ns) return wrong("--from-seq and --from-time exclude each other");
  return base::success();
}

}  // namespace

const char* const usage =
    "usage: msctl-broker [--url nats://HOST:PORT|redis://HOST:PORT] [--timeout-ms N] COMMAND\n"
    "  ping | streams | stream NAME | consumers STREAM\n"
    "  read STREAM [--subject FILTER] [--from-seq N | --from-time RFC3339] [--limit N] [--no-bodies]\n"
    "  redeliver STREAM --from-seq N [--subject FILTER]\n"
    "  delete STREAM --from-seq N\n"
    "  settle STREAM                                lines of JSON come from standard input\n"
    "  publish SUBJECT [--header NAME:VALUE]...     the body comes from standard input\n";

Result<Arguments> read_arguments(const std::vector<std::string>& words) {
  Arguments read;
  const Form* form = nullptr;
  bool with_name = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    if (word == "--no-bodies") {
      read.bodies = false;
    } else if (word.starts_with("--")) {
      if (i + 1 == words.size()) return wrong(word + ": expected a value");
      TRY(take_option(read, word, words[++i]));
    } else if (form == nullptr) {
      form = std::find_if(forms.begin(), forms.end(), [&](const Form& one) { return word == one.name; });
      if (form == forms.end()) return wrong("unknown command " + word);
    } else if (!with_name) {
      read.name = word;
      with_name = true;
    } else {
      return wrong("unexpected " + word);
    }
  }
  if (form == nullptr) return wrong("expected a command");
  read.verb = form->verb;
  TRY(check(read, with_name, *form));
  return read;
}

Result<std::int64_t> read_time(const std::string& text) {
  const auto bad = [&] { return wrong("expected a time as 2026-11-21T06:30:45.123Z, got " + text); };
  std::tm parts{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return bad();
  std::int64_t nanoseconds = 0;
  if (*rest == '.') {
    std::int64_t unit = 100'000'000;
    const char* const first = ++rest;
    for (; *rest >= '0' && *rest <= '9' && rest - first < 9; ++rest, unit /= 10) nanoseconds += (*rest - '0') * unit;
    if (rest == first) return bad();
  }
  if (std::string_view(rest) != "Z") return bad();
  return static_cast<std::int64_t>(::timegm(&parts)) * 1'000'000'000 + nanoseconds;
}

std::string time_text(std::int64_t nanoseconds) {
  const std::time_t seconds = nanoseconds / 1'000'000'000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.", &parts);
  auto decimals = std::to_string(nanoseconds % 1'000'000'000);
  decimals.insert(0, 9 - decimals.size(), '0');
  return std::string(text.data(), size) + decimals + "Z";
}

}  // namespace broker
