#include "services/chassis/broker/redis/publication.hpp"

#include <charconv>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "services/chassis/broker/errors.hpp"

namespace chassis::broker::redis {
namespace {

using base::Result;

constexpr std::chrono::milliseconds duplicate_window{120'000};
// The server does nothing else while a script runs.
constexpr std::size_t most_messages = 32;
constexpr std::size_t most_bytes = 256 << 10;

std::string_view text(const redisReply& reply) { return {reply.str, reply.len}; }

// MS-N of Redis as one number that grows: MS × 2^20 + N. 0 for what is no entry.
std::uint64_t sequence_of(std::string_view entry) {
  std::uint64_t time = 0;
  std::uint64_t number = 0;
  const auto dash = entry.find('-');
  if (dash == std::string_view::npos) return 0;
  std::from_chars(entry.data(), entry.data() + dash, time);
  std::from_chars(entry.data() + dash + 1, entry.data() + entry.size(), number);
  return (time << 20) + number;
}

// What the script reads of each message, and behind it what the entry is made of.
std::vector<std::string> words_of(Message message) {
  std::vector<std::string> fields{"subject", message.subject, "id", message.id};
  for (auto& [name, value] : message.headers) fields.insert(fields.end(), {"header." + name, std::move(value)});
  fields.insert(fields.end(), {"body", std::move(message.body)});
  std::vector<std::string> words{std::move(message.subject), std::move(message.id), std::move(message.after),
                                 std::to_string(fields.size())};
  words.insert(words.end(), std::make_move_iterator(fields.begin()), std::make_move_iterator(fields.end()));
  return words;
}

// Of [entry, repetition].
Result<Stored> place_of(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_NIL) return base::fail(base::ErrorCode::not_found, "broker: no such stream");
  if (reply.type == REDIS_REPLY_ERROR) return error_of(text(reply));
  const bool is_place = reply.type == REDIS_REPLY_ARRAY && reply.elements == 2 &&
                        reply.element[0]->type == REDIS_REPLY_STRING && reply.element[1]->type == REDIS_REPLY_INTEGER;
  if (!is_place) return Stored();
  return Stored{sequence_of(text(*reply.element[0])), reply.element[1]->integer != 0};
}

}  // namespace

std::vector<Publication> publications(std::vector<Message> messages) {
  std::vector<Publication> made;
  std::size_t bytes = 0;
  for (auto& message : messages) {
    const auto size = message.body.size();
    const bool has_room = !made.empty() && made.back().messages < most_messages && bytes + size <= most_bytes;
    if (!has_room) {
      made.push_back({{Script::publish, {std::to_string(duplicate_window.count())}}, 0});
      bytes = 0;
    }
    bytes += size;
    ++made.back().messages;
    auto words = words_of(std::move(message));
    auto& all = made.back().command.words;
    all.insert(all.end(), std::make_move_iterator(words.begin()), std::make_move_iterator(words.end()));
  }
  return made;
}

Result<Stored> stored_of(std::size_t messages, const redisReply& reply, std::size_t n) {
  if (messages == 0) return place_of(reply);
  if (reply.type != REDIS_REPLY_ARRAY || n >= reply.elements) return unavailable("unreadable answer");
  return place_of(*reply.element[n]);
}

}  // namespace chassis::broker::redis
