#include "services/chassis/call/context.hpp"

#include <algorithm>

#include "base/ids.hpp"

namespace chassis {
namespace {

constexpr std::size_t trace_id_digits = 32;
constexpr std::size_t span_id_digits = 16;
constexpr std::size_t traceparent_size = 55;  // of version 00
constexpr std::size_t max_tracestate_bytes = 512;
constexpr std::size_t max_tracestate_members = 32;

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) { return is_lower_hex(text) && text.find_first_not_of('0') != text.npos; }

int hex_value(char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; }

// The id of `bytes` random bytes; all zero is not an id.
std::string new_id(base::Random& random, std::size_t bytes) {
  auto id = base::random_hex(random, bytes);
  if (!is_id(id)) id.back() = '1';
  return id;
}

// Leaves out a caller's ids when there are none: both empty.
struct Parent {
  std::string_view trace_id;
  std::string_view span_id;
  bool sampled = true;
};

Parent parse_traceparent(std::string_view text) {
  if (text.size() < traceparent_size || text[2] != '-' || text[35] != '-' || text[52] != '-') return {};
  const auto version = text.substr(0, 2);
  const auto trace_id = text.substr(3, trace_id_digits);
  const auto span_id = text.substr(36, span_id_digits);
  const auto flags = text.substr(53, 2);
  if (!is_lower_hex(version) || version == "ff" || !is_id(trace_id) || !is_id(span_id) || !is_lower_hex(flags)) {
    return {};
  }
  if (text.size() > traceparent_size && (version == "00" || text[traceparent_size] != '-')) return {};
  return {trace_id, span_id, (hex_value(flags[1]) & 1) != 0};
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_tracestate_member(std::string_view member) {
  const auto mark = member.find('=');
  if (mark == member.npos || mark == 0 || mark > 256 || member.size() - mark - 1 > 256) return false;
  const auto key = member.substr(0, mark);
  const auto value = member.substr(mark + 1);
  const auto key_char = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || std::string_view("_-*/@").find(c) != std::string::npos;
  };
  const auto value_char = [](char c) { return c >= 0x20 && c <= 0x7e && c != ',' && c != '='; };
  return std::all_of(key.begin(), key.end(), key_char) && !value.empty() &&
         std::all_of(value.begin(), value.end(), value_char);
}

bool is_tracestate(std::string_view text) {
  if (text.size() > max_tracestate_bytes) return false;
  std::size_t members = 0;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    const auto member = trim(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (member.empty()) continue;  // the standard allows empty members
    if (!is_tracestate_member(member) || ++members > max_tracestate_members) return false;
  }
  return members > 0;
}

}  // namespace

std::string TraceContext::traceparent() const {
  std::string text;
  text.reserve(traceparent_size);
  text.append("00-").append(trace_id).append("-").append(span_id).append(sampled ? "-01" : "-00");
  return text;
}

TraceContext continue_trace(std::string_view traceparent, std::string_view tracestate, base::Random& random) {
  TraceContext trace;
  trace.span_id = new_id(random, span_id_digits / 2);
  const auto parent = parse_traceparent(traceparent);
  if (parent.trace_id.empty()) {
    trace.trace_id = new_id(random, trace_id_digits / 2);
    return trace;
  }
  trace.trace_id = parent.trace_id;
  trace.parent_id = parent.span_id;
  trace.sampled = parent.sampled;
  if (is_tracestate(tracestate)) trace.tracestate = tracestate;
  return trace;
}

TraceContext child_of(const TraceContext& parent, base::Random& random) {
  TraceContext child = parent;
  child.parent_id = parent.span_id;
  child.span_id = new_id(random, span_id_digits / 2);
  return child;
}

std::string accept_request_id(std::string_view offered, const base::Clock& clock, base::Random& random) {
  const auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
           c == '-';
  };
  const bool good = !offered.empty() && offered.size() <= 128 && std::all_of(offered.begin(), offered.end(), allowed);
  return good ? std::string(offered) : base::uuid_v7(clock, random);
}

}  // namespace chassis
