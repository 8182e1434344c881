#pragma once
// Events that a service could not handle, as its consumer put them aside in SERVICE-PARKED
// (services/chassis/consumer/parked.hpp): parked ones failed, quarantined ones are of a newer version than the service
// knows. Read, put back to be handled again, dropped. Blocking.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "cli/streams/streams.hpp"

namespace dlq {

enum class Kind : std::uint8_t { parked, quarantined };

std::string_view name_of(Kind kind);

struct Letter {
  Kind kind = Kind::parked;
  std::string service;  // which could not handle it
  std::string type;     // order.placed
  streams::Stored message;

  std::uint64_t number() const { return message.sequence; }
  std::string id() const;         // of the event
  std::string aggregate() const;  // its subject
  std::string reason() const;
  std::string attempts() const;
  std::string parked_at() const;
  std::string from() const;  // the broker's subject that it came from at first
};

// Nothing for a message that was not put aside.
std::optional<Letter> letter_of(const std::string& service, streams::Stored message);

// "ref" is "number" as text: a number of Redis is beyond 2^53, up to which JSON's are exact.
base::Json document_of(const Letter& letter);
// With headers and event.
base::Json whole_document_of(const Letter& letter);

// The events that were put aside at one cluster's broker.
class Box {
 public:
  explicit Box(std::string url) : url_(std::move(url)) {}

  // Of these services, one after the other, oldest first; none of one that never put anything aside. Errors:
  // unavailable.
  base::Result<std::vector<Letter>> read(const std::vector<std::string>& services) const;
  // Has the service handle them again, in their order, and takes each away then: whoever is killed in between leaves
  // one there twice, not never. All are of one service. Errors: unavailable, with how many were done before.
  base::Result<void> replay(const std::vector<Letter>& letters, base::Random& random) const;
  base::Result<void> drop(const std::vector<Letter>& letters) const;

 private:
  base::Result<void> settle(const std::vector<Letter>& letters, const std::string& lines) const;

  std::string url_;
};

}  // namespace dlq
