#pragma once
// What the services, the provider and the broker say of themselves, as far as invariants are about it. Plain values;
// times are RFC 3339 in UTC with milliseconds, so that they compare as texts.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/provider/journal.hpp"

namespace invariants {

using provider::Booking;

inline constexpr const char* placed_event = "order.placed";

using Items = std::map<std::string, std::int64_t>;  // SKU to quantity; what is listed twice is summed

struct Order {
  std::string id;
  std::string status;  // placed, paid, cancelling, confirmed, cancelled
  std::string currency;
  std::int64_t total = 0;  // in minor units, as all amounts here
  Items items;
  std::string created_at;
};

struct Payment {
  std::string id;
  std::string order_id;
  std::string status;
  std::string currency;
  std::int64_t amount = 0;
};

struct Reservation {
  std::string order_id;
  std::string status;  // reserved, rejected, released
  Items items;
};

struct Stock {
  std::string sku;
  std::int64_t available = 0;
  std::int64_t reserved = 0;
  std::int64_t received = 0;
};

struct Mail {
  std::string id;
  std::string order_id;
  std::string event;  // that it tells of
};

// A message of the stream in which orders are told of.
struct Event {
  std::string id;
  std::string type;
  std::string order_id;
  std::string time;
  bool is_staged = false;  // it came of a provider state that a contract asked for, not of a client
};

struct Outbox {
  std::string service;
  std::int64_t unsent = 0;
  double oldest_age_s = 0;
  std::int64_t parked = 0;
};

struct Saga {
  std::string id;  // the order's
  std::string state;
  std::string step;
  double idle_s = 0;  // since it moved last
};

// An event that a service put aside.
struct Parked {
  std::string kind;  // parked: it could not be handled; quarantined: it is of a newer version than is known
  std::string service;
  std::string type;
  std::string order_id;
  std::string reason;
};

// What one of them said; `why_not` says why there is nobody to ask in this cluster, and is empty when there is.
template <class T>
struct Source {
  std::vector<T> rows;
  std::string why_not;
  bool is_there() const { return why_not.empty(); }
};

struct Facts {
  Source<Order> orders;
  Source<Payment> payments;
  Source<Booking> bookings;
  Source<Reservation> reservations;
  Source<Stock> stocks;
  Source<Mail> mails;
  Source<Event> events;
  bool has_all_events = true;  // else the broker has dropped the oldest ones, and those of old orders with them
  Source<Outbox> outboxes;
  Source<Saga> sagas;
  Source<Parked> parked;
};

}  // namespace invariants
