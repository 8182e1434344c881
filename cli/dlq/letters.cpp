#include "cli/dlq/letters.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/base64.hpp"
#include "base/ids.hpp"
#include "base/json_text.hpp"
#include "base/subjects.hpp"

namespace dlq {
namespace {

using base::Json;

std::string header_of(const Letter& letter, const char* name) {
  const auto found = letter.message.headers.find(name);
  return found == letter.message.headers.end() ? std::string() : found->second;
}

// JSON holds text only.
void put_body(const Letter& letter, Json& into) {
  if (letter.message.is_text) {
    into["data"] = letter.message.body;
  } else {
    into["data_base64"] = base::to_base64(letter.message.body);
  }
}

std::string parked_stream(const std::string& service) { return base::stream_name(service) + "-PARKED"; }

constexpr std::array kinds{Kind::parked, Kind::quarantined};

// Null when it is none.
Json number_in(const std::string& text) {
  std::int64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && error == std::errc() && stop == text.data() + text.size() ? Json(number) : Json();
}

// mailer.parked.
std::string prefix_of(const std::string& service, Kind kind) {
  return service + "." + std::string(name_of(kind)) + ".";
}

}  // namespace

std::string_view name_of(Kind kind) { return kind == Kind::parked ? "parked" : "quarantined"; }

std::string Letter::id() const {
  const auto id = base::text_at(message.event, "id");
  return id.empty() ? message.id : id;
}
std::string Letter::aggregate() const { return base::text_at(message.event, "subject"); }
std::string Letter::reason() const { return header_of(*this, "parked-reason"); }
std::string Letter::attempts() const { return header_of(*this, "parked-attempts"); }
std::string Letter::parked_at() const {
  const auto time = header_of(*this, "parked-time");
  return time.empty() ? message.time : time;
}
std::string Letter::from() const { return header_of(*this, "parked-subject"); }

std::optional<Letter> letter_of(const std::string& service, streams::Stored message) {
  for (const auto kind : kinds) {
    const auto prefix = prefix_of(service, kind);
    if (!message.subject.starts_with(prefix)) continue;
    std::string type = message.subject.substr(prefix.size());
    return Letter{kind, service, std::move(type), std::move(message)};
  }
  return std::nullopt;
}

Json document_of(const Letter& letter) {
  return {{"service", letter.service},
          {"number", letter.number()},
          {"ref", std::to_string(letter.number())},  // many programs round such numbers as those of Redis
          {"kind", name_of(letter.kind)},
          {"event", letter.type},
          {"id", letter.id()},
          {"aggregate", letter.aggregate()},
          {"attempts", number_in(letter.attempts())},
          {"parked_at", letter.parked_at()},
          {"from", letter.from()},
          {"reason", letter.reason()}};
}

Json whole_document_of(const Letter& letter) {
  Json document = document_of(letter);
  document["headers"] = letter.message.headers;
  if (letter.message.event.is_null()) {
    put_body(letter, document);
  } else {
    document["data"] = letter.message.event;
  }
  return document;
}

base::Result<std::vector<Letter>> Box::read(const std::vector<std::string>& services) const {
  TRY(const auto all, streams::ask(url_, {"streams"}));
  std::set<std::string> there;
  for (const auto& one : all) there.insert(base::text_at(one, "stream"));
  std::vector<Letter> letters;
  for (const auto& service : services) {
    const auto stream = parked_stream(service);
    if (!there.contains(stream)) continue;
    const auto first = letters.size();
    for (const auto kind : kinds) {
      TRY(const auto lines, streams::ask(url_, {"read", stream, "--subject", prefix_of(service, kind) + ">"}));
      for (const auto& line : lines) {
        if (auto letter = letter_of(service, streams::stored(line))) letters.push_back(std::move(*letter));
      }
    }
    std::sort(letters.begin() + static_cast<std::ptrdiff_t>(first), letters.end(),
              [](const Letter& a, const Letter& b) { return a.number() < b.number(); });
  }
  return letters;
}

base::Result<void> Box::replay(const std::vector<Letter>& letters, base::Random& random) const {
  std::string lines;
  for (const auto& letter : letters) {
    Json headers = Json::object();
    for (const auto& [name, value] : letter.message.headers) {
      const bool is_of_parking = name == "parked-reason" || name == "parked-time" || name == "parked-attempts" ||
                                 name == "parked-replay" || name.starts_with("nats-");
      if (!is_of_parking) headers[name] = value;
    }
    headers["Parked-Replay"] = base::random_hex(random, 8);
    Json publish{{"subject", letter.service + ".replay." + letter.type}, {"headers", std::move(headers)}};
    put_body(letter, publish);
    lines += base::dump_json({{"seq", letter.number()}, {"publish", std::move(publish)}}) + "\n";
  }
  return settle(letters, lines);
}

base::Result<void> Box::drop(const std::vector<Letter>& letters) const {
  std::string lines;
  for (const auto& letter : letters) lines += base::dump_json({{"seq", letter.number()}}) + "\n";
  return settle(letters, lines);
}

base::Result<void> Box::settle(const std::vector<Letter>& letters, const std::string& lines) const {
  if (letters.empty()) return base::success();
  TRY(streams::ask(url_, {"settle", parked_stream(letters.front().service)}, lines));
  return base::success();
}

}  // namespace dlq
