#include "cli/libexec/broker/redis_streams.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>
#include <string_view>

#include "base/base64.hpp"
#include "base/subjects.hpp"
#include "cli/libexec/broker/is_text.hpp"

namespace broker {
namespace {

using base::ErrorCode;
using base::Json;
using base::Result;

constexpr unsigned number_bits = 20;
constexpr std::int64_t duplicate_window_ms = 120'000;
const std::string page_size = "500";
constexpr std::size_t most_at_once = 100;
constexpr std::size_t most_bytes_at_once = 4u << 20;

std::string key_of(const std::string& stream) { return "msctl:stream:" + stream; }

std::string text(const redisReply* reply) {
  if (reply->type == REDIS_REPLY_INTEGER) return std::to_string(reply->integer);
  return reply->str == nullptr ? std::string() : std::string(reply->str, reply->len);
}

std::uint64_t number(std::string_view digits) {
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

// Name, value, name, value …
std::map<std::string, const redisReply*> pairs(const redisReply& flat) {
  std::map<std::string, const redisReply*> named;
  for (std::size_t i = 0; i + 1 < flat.elements; i += 2) named[text(flat.element[i])] = flat.element[i + 1];
  return named;
}

bool takes(const std::string& subjects, const std::string& subject) {
  std::istringstream list(subjects);
  for (std::string one; list >> one;) {
    if (base::subject_matches(one, subject)) return true;
  }
  return false;
}

std::int64_t nanoseconds_of(const std::string& entry) { return static_cast<std::int64_t>(number(entry)) * 1'000'000; }

Json message_json(const std::string& entry, const redisReply& fields, bool with_body) {
  constexpr std::string_view header = "header.";
  std::string subject;
  std::string id;
  std::string body;
  Json headers = Json::object();
  for (std::size_t i = 0; i + 1 < fields.elements; i += 2) {
    const auto name = text(fields.element[i]);
    auto value = text(fields.element[i + 1]);
    if (name.starts_with(header)) headers[name.substr(header.size())] = value;
    if (name == "subject") subject = std::move(value);
    if (name == "id") id = std::move(value);
    if (name == "body") body = std::move(value);
  }
  Json json{{"seq", entry_number(entry)}, {"time", time_text(nanoseconds_of(entry))}, {"subject", subject}};
  if (!with_body) return json;
  json["id"] = std::move(id);
  json["headers"] = std::move(headers);
  if (is_text(body)) {
    json["data"] = std::move(body);
  } else {
    json["data_base64"] = base::to_base64(body);
  }
  return json;
}

std::string subject_of(const redisReply& fields) {
  const auto named = pairs(fields);
  const auto found = named.find("subject");
  return found == named.end() ? std::string() : text(found->second);
}

std::string id_of(const Arguments& what) {
  for (const auto& [name, value] : what.headers) {
    if (name == "Nats-Msg-Id") return value;
  }
  return {};
}

std::vector<std::string> adding(const std::string& stream, const Arguments& what, const std::string& body) {
  std::vector<std::string> words{"XADD", key_of(stream), "*", "subject", what.name, "id", id_of(what)};
  for (const auto& [name, value] : what.headers) {
    if (name != "Nats-Msg-Id") words.insert(words.end(), {"header." + name, value});
  }
  words.insert(words.end(), {"body", body});
  return words;
}

}  // namespace

std::uint64_t entry_number(const std::string& entry) {
  const auto dash = entry.find('-');
  if (dash == entry.npos) return 0;
  return (number(entry) << number_bits) + number(std::string_view(entry).substr(dash + 1));
}

std::string entry_of(std::uint64_t value) {
  return std::to_string(value >> number_bits) + "-" + std::to_string(value & ((1ULL << number_bits) - 1));
}

Result<RedisStreams> RedisStreams::connect(const std::string& url, std::chrono::milliseconds timeout) {
  const std::string scheme = "redis://";
  const auto colon = url.rfind(':');
  if (!url.starts_with(scheme) || colon <= scheme.size()) {
    return base::fail(ErrorCode::malformed, "--url: expected redis://HOST:PORT, got " + url);
  }
  const auto host = url.substr(scheme.size(), colon - scheme.size());
  const auto port = static_cast<int>(number(std::string_view(url).substr(colon + 1)));
  timeval limit{};
  limit.tv_sec = timeout.count() / 1'000;
  limit.tv_usec = timeout.count() % 1'000 * 1'000;
  Context context(redisConnectWithTimeout(host.c_str(), port, limit), redisFree);
  if (!context || context->err != 0) {
    const std::string why = context ? context->errstr : "no memory";
    return base::fail(ErrorCode::unavailable, "the broker does not answer: " + why);
  }
  redisSetTimeout(context.get(), limit);
  RedisStreams made(std::move(context));
  TRY(made.ask({"PING"}));
  return made;
}

Result<RedisStreams::Reply> RedisStreams::ask(const std::vector<std::string>& words) {
  TRY(auto replies, ask_all({words}));
  return std::move(replies.front());
}

Result<std::vector<RedisStreams::Reply>> RedisStreams::ask_all(const std::vector<std::vector<std::string>>& questions) {
  for (const auto& words : questions) {
    std::vector<const char*> pointers;
    std::vector<std::size_t> sizes;
    for (const auto& word : words) {
      pointers.push_back(word.data());
      sizes.push_back(word.size());
    }
    redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), pointers.data(), sizes.data());
  }
  std::vector<Reply> replies;
  std::string refused;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    void* raw = nullptr;
    if (redisGetReply(context_.get(), &raw) != REDIS_OK || raw == nullptr) {
      return base::fail(ErrorCode::unavailable, "the broker does not answer: " + std::string(context_->errstr));
    }
    replies.emplace_back(static_cast<redisReply*>(raw), freeReplyObject);
    if (replies.back()->type == REDIS_REPLY_ERROR && refused.empty()) refused = text(replies.back().get());
  }
  if (!refused.empty()) return base::fail(ErrorCode::internal, "the broker refused: " + refused);
  return replies;
}

Result<std::string> RedisStreams::subjects_of(const std::string& stream) {
  TRY(const auto subjects, ask({"HGET", "msctl:streams", stream}));
  if (subjects->type == REDIS_REPLY_NIL) return base::fail(ErrorCode::not_found, "no such stream");
  return text(subjects.get());
}

Result<std::vector<Json>> RedisStreams::streams() {
  TRY(const auto names, ask({"HKEYS", "msctl:streams"}));
  std::vector<std::string> sorted;
  for (std::size_t i = 0; i < names->elements; ++i) sorted.push_back(text(names->element[i]));
  std::sort(sorted.begin(), sorted.end());
  std::vector<Json> found;
  for (const auto& name : sorted) {
    TRY(auto one, stream(name));
    found.push_back(std::move(one));
  }
  return found;
}

Result<Json> RedisStreams::stream(const std::string& name) {
  TRY(const auto subjects, subjects_of(name));
  Json list = Json::array();
  std::istringstream words(subjects);
  for (std::string one; words >> one;) list.push_back(one);
  Json json{{"stream", name}, {"subjects", std::move(list)},
            {"messages", 0},  {"bytes", 0},
            {"first_seq", 0}, {"last_seq", 0},
            {"consumers", 0}, {"duplicate_window_ms", duplicate_window_ms},
            {"replicas", 1}};
  TRY(const auto there, ask({"EXISTS", key_of(name)}));
  if (there->integer == 0) return json;  // nothing was published yet
  TRY(const auto info, ask({"XINFO", "STREAM", key_of(name)}));
  TRY(const auto bytes, ask({"MEMORY", "USAGE", key_of(name)}));
  const auto named = pairs(*info);
  json["messages"] = named.at("length")->integer;
  json["bytes"] = bytes->integer;
  json["last_seq"] = entry_number(text(named.at("last-generated-id")));
  json["consumers"] = named.at("groups")->integer;
  const auto* first = named.at("first-entry");
  if (first->elements > 0) json["first_seq"] = entry_number(text(first->element[0]));
  return json;
}

Result<std::uint64_t> RedisStreams::entries_after(const std::string& stream, std::string entry) {
  std::uint64_t count = 0;
  for (;;) {
    TRY(const auto page, ask({"XRANGE", key_of(stream), "(" + entry, "+", "COUNT", page_size}));
    if (page->elements == 0) return count;
    count += page->elements;
    entry = text(page->element[page->elements - 1]->element[0]);
  }
}

// Its filter is known to the consumer only.
Result<Json> RedisStreams::consumer(const std::string& stream, const redisReply& group) {
  const auto named = pairs(group);
  const auto name = text(named.at("name"));
  const auto unsettled = static_cast<std::uint64_t>(named.at("pending")->integer);
  const auto delivered = entry_number(text(named.at("last-delivered-id")));
  std::uint64_t redelivered = 0;
  auto acknowledged = delivered;
  if (unsettled > 0) {
    TRY(const auto list, ask({"XPENDING", key_of(stream), name, "-", "+", std::to_string(unsettled)}));
    for (std::size_t i = 0; i < list->elements; ++i) redelivered += list->element[i]->element[3]->integer > 1 ? 1 : 0;
    if (list->elements > 0) acknowledged = entry_number(text(list->element[0]->element[0])) - 1;
  }
  // The server's own count, `lag`, is none after a restart and wrong after a FLUSHALL.
  TRY(const auto pending, entries_after(stream, text(named.at("last-delivered-id"))));
  return Json{{"stream", stream},   {"consumer", name},           {"durable", true},
              {"filter", ""},       {"delivered_seq", delivered}, {"acknowledged_seq", acknowledged},
              {"pending", pending}, {"unsettled", unsettled},     {"redelivered", redelivered},
              {"waiting_pulls", 0}, {"lag", pending + unsettled}};
}

Result<std::vector<Json>> RedisStreams::consumers(const std::string& stream) {
  TRY(subjects_of(stream));
  std::vector<Json> found;
  TRY(const auto there, ask({"EXISTS", key_of(stream)}));
  if (there->integer == 0) return found;
  TRY(const auto groups, ask({"XINFO", "GROUPS", key_of(stream)}));
  for (std::size_t i = 0; i < groups->elements; ++i) {
    TRY(auto one, consumer(stream, *groups->element[i]));
    found.push_back(std::move(one));
  }
  return found;
}

Result<void> RedisStreams::read(const Arguments& which, const std::function<bool(const Json&)>& each) {
  TRY(const auto now, stream(which.name));
  const auto last = entry_of(now["last_seq"].get<std::uint64_t>());
  std::string from = "-";
  if (which.from_seq) from = entry_of(*which.from_seq);
  if (which.from_ns) from = std::to_string(std::max<std::int64_t>((*which.from_ns + 999'999) / 1'000'000, 0));
  auto wanted = which.limit.value_or(UINT64_MAX);
  while (wanted > 0) {
    TRY(const auto page, ask({"XRANGE", key_of(which.name), from, last, "COUNT", page_size}));
    if (page->elements == 0) break;
    for (std::size_t i = 0; i < page->elements && wanted > 0; ++i) {
      const auto entry = text(page->element[i]->element[0]);
      const auto& fields = *page->element[i]->element[1];
      from = "(" + entry;
      if (!which.subject.empty() && !base::subject_matches(which.subject, subject_of(fields))) continue;
      --wanted;
      if (!each(message_json(entry, fields, which.bodies))) return base::success();
    }
  }
  return base::success();
}

Result<std::vector<Json>> RedisStreams::redeliver(const Arguments& which) {
  TRY(subjects_of(which.name));
  const auto group = "msctl-broker-" + std::to_string(::getpid());
  const auto before = *which.from_seq == 0 ? std::string("0") : entry_of(*which.from_seq - 1);
  TRY(ask({"XGROUP", "CREATE", key_of(which.name), group, before}));
  auto seen = deliver_twice(which.name, group, which);
  TRY(ask({"XGROUP", "DESTROY", key_of(which.name), group}));
  return seen;
}

// Given back is taken by another consumer of the group here, as after a restart.
Result<std::vector<Json>> RedisStreams::deliver_twice(const std::string& stream, const std::string& group,
                                                      const Arguments& which) {
  const auto key = key_of(stream);
  std::string entry;
  while (entry.empty()) {
    TRY(const auto read, ask({"XREADGROUP", "GROUP", group, "first", "COUNT", "1", "STREAMS", key, ">"}));
    if (read->elements == 0) return base::fail(ErrorCode::not_found, "the consumer was given no message");
    const auto& one = *read->element[0]->element[1]->element[0];
    entry = text(one.element[0]);
    if (which.subject.empty() || base::subject_matches(which.subject, subject_of(*one.element[1]))) break;
    TRY(ask({"XACK", key, group, std::exchange(entry, {})}));
  }
  std::vector<Json> seen;
  for (const char* settled : {"given back", "acknowledged"}) {
    if (!seen.empty()) {
      TRY(ask({"XCLAIM", key, group, "second", "0", entry}));
    }
    TRY(const auto pending, ask({"XPENDING", key, group, entry, entry, "1"}));
    if (pending->elements == 0) return base::fail(ErrorCode::not_found, "the message is gone");
    seen.push_back(
        {{"seq", entry_number(entry)}, {"delivery", pending->element[0]->element[3]->integer}, {"settled", settled}});
  }
  TRY(ask({"XACK", key, group, entry}));
  TRY(const auto all, consumers(stream));
  const auto own = std::find_if(all.begin(), all.end(), [&](const Json& one) { return one["consumer"] == group; });
  if (own != all.end()) seen.push_back(*own);
  return seen;
}

Result<Json> RedisStreams::remove(const Arguments& which) {
  TRY(subjects_of(which.name));
  TRY(const auto gone, ask({"XDEL", key_of(which.name), entry_of(*which.from_seq)}));
  if (gone->integer == 0) return base::fail(ErrorCode::not_found, "there is no such message");
  return Json{{"stream", which.name}, {"seq", *which.from_seq}};
}

Result<std::string> RedisStreams::stream_for(const std::string& subject) {
  TRY(const auto all, streams());
  for (const auto& one : all) {
    const auto name = one["stream"].get<std::string>();
    TRY(const auto subjects, subjects_of(name));
    if (takes(subjects, subject)) return name;
  }
  return base::fail(ErrorCode::not_found, "no stream takes this subject");
}

// What the services do in one step at the server takes several here.
Result<Json> RedisStreams::publish(const Arguments& what, const std::string& body) {
  TRY(const auto stream, stream_for(what.name));
  const auto id = id_of(what);
  const auto known = "msctl:id:" + stream + ":" + id;
  if (!id.empty()) {
    TRY(const auto before, ask({"GET", known}));
    if (before->type == REDIS_REPLY_STRING) {
      return Json{{"stream", stream}, {"seq", entry_number(text(before.get()))}, {"duplicate", true}};
    }
  }
  TRY(const auto added, ask(adding(stream, what, body)));
  const auto entry = text(added.get());
  if (!id.empty()) {
    TRY(ask({"SET", known, entry, "PX", std::to_string(duplicate_window_ms)}));
  }
  return Json{{"stream", stream}, {"seq", entry_number(entry)}, {"duplicate", false}};
}

// With `appendfsync always` the server syncs its file once for all that it was asked at once, so some go together.
Result<void> RedisStreams::settle(const std::string& stream, const std::vector<Settling>& all,
                                  const std::function<void(std::uint64_t)>& done) {
  TRY(subjects_of(stream));
  std::map<std::string, std::string> streams;  // by subject
  for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
    std::vector<std::vector<std::string>> adds;
    std::vector<std::vector<std::string>> removals;
    for (std::size_t bytes = 0; end < all.size() && removals.size() < most_at_once && bytes < most_bytes_at_once;
         ++end) {
      const Settling& one = all[end];
      removals.push_back({"XDEL", key_of(stream), entry_of(one.seq)});
      if (!one.publish) continue;
      auto& into = streams[one.anew.name];
      if (into.empty()) {
        TRY(into, stream_for(one.anew.name));
      }
      adds.push_back(adding(into, one.anew, one.body));
      bytes += one.body.size();
    }
    // Nothing is taken away before all of these are stored.
    TRY(ask_all(adds));
    TRY(const auto gone, ask_all(removals));
    for (std::size_t i = 0; i < gone.size(); ++i) {
      if (gone[i]->integer == 0) return base::fail(ErrorCode::not_found, "there is no such message");
      done(all[begin + i].seq);
    }
  }
  return base::success();
}

}  // namespace broker
